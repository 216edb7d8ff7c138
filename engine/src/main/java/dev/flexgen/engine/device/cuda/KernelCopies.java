package dev.flexgen.engine.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Copies from page-locked host memory by a kernel that reads it over the bus. A GPU's copy engine takes one copy after the
 * other, whatever their streams: a few kilobytes of activations would wait behind all the weights that are on their way, and
 * the layer with them. A kernel's reads go in between. Used by the engine's thread.
 */
final class KernelCopies {

    private static final int THREADS = 256;
    private static final int FLOAT_BYTES = 4;
    private static final int BLOCKS_PER_MULTIPROCESSOR = 4;
    private static final int OVERWRITE = 0;

    private final CudaKernels kernels;
    private final CudaMemory memory;
    private final KernelArguments arguments;
    private int handle = -1;

    /** @param arena of the device's life */
    KernelCopies(CudaKernels kernels, CudaMemory memory, Arena arena) {
        this.kernels = kernels;
        this.memory = memory;
        this.arguments = new KernelArguments(arena);
    }

    /** Asks for the copy, unless the GPU cannot read {@code host} itself or the copy is not one of floats. */
    boolean upload(MemorySegment host, MemorySegment device, CudaStream stream) {
        long bytes = host.byteSize();
        if (bytes == 0
                || (bytes | host.address() | device.address()) % FLOAT_BYTES != 0
                || !memory.isPageLocked(host)) {
            return false;
        }
        if (handle < 0) {
            handle = kernels.kernel("rows_add_f32", 0);
        }
        long numbers = bytes / FLOAT_BYTES;
        long blocks =
                Math.min(Math.ceilDiv(numbers, THREADS), (long) BLOCKS_PER_MULTIPROCESSOR * kernels.multiprocessors());
        arguments.clear().pointer(host).pointer(device).number(numbers).number(OVERWRITE);
        kernels.launch(stream, handle, (int) blocks, THREADS, arguments);
        return true;
    }
}
