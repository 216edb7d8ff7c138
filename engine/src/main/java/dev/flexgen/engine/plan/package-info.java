/** Where everything lies and who computes it, and the measured machine on which that is decided. */
@NullMarked
package dev.flexgen.engine.plan;

import org.jspecify.annotations.NullMarked;
