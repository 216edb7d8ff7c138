/** The ground floor: the one failure, cancellation, and giving back what was taken. Uses nothing else of the engine. */
@NullMarked
package dev.flexgen.engine.base;

import org.jspecify.annotations.NullMarked;
