/**
 * The GPU: NVIDIA's driver, run-time compiled kernels, and the operations they implement. The only package that knows CUDA.
 */
@NullMarked
package dev.flexgen.engine.device.cuda;

import org.jspecify.annotations.NullMarked;
