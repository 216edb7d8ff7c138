/** How numbers are encoded where they are computed on: weights on a device, and keys and values in a cache. */
@NullMarked
package dev.flexgen.engine.quant;

import org.jspecify.annotations.NullMarked;
