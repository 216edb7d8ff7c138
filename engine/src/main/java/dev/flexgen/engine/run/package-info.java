/** Running a model: loading its weights by plan, and taking steps of tokens through its layers. */
@NullMarked
package dev.flexgen.engine.run;

import org.jspecify.annotations.NullMarked;
