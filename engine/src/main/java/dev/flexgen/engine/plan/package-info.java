/** Plans: where weights and caches lie and which device computes with them. The planner, its prices and the machine profile. */
@NullMarked
package dev.flexgen.engine.plan;

import org.jspecify.annotations.NullMarked;
