/** Weights on their way to a device that does not hold them: prefetching, uploading, parallel reading. */
@NullMarked
package dev.flexgen.engine.transfer;

import org.jspecify.annotations.NullMarked;
