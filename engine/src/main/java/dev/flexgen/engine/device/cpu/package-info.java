/**
 * The CPU as a device: an obvious scalar reference, fast Vector API operations that are tested against it, and the pool of
 * threads they run on.
 */
@NullMarked
package dev.flexgen.engine.device.cpu;

import org.jspecify.annotations.NullMarked;
