package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.base.EngineException;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * The driver's context on one GPU: makes it current for calling threads and turns error codes into exceptions. Any thread.
 *
 * @param name of the GPU, for messages
 */
record Driver(int index, String name, CUctx_st context) {

    /** Of a thread; the compiler's reports have 40 at most. */
    private static final long STACK_BYTES = 64;

    private static final long LEAST_PRINTF_BYTES = 1024;

    /** Retains the GPU's context; {@link #close()} gives it back. */
    static Driver open(int index, String name) {
        CUctx_st context = new CUctx_st();
        int code = cudart.cuDevicePrimaryCtxRetain(context, index);
        if (code != cudart.CUDA_SUCCESS) {
            throw failure("cuDevicePrimaryCtxRetain", code, name);
        }
        Driver driver = new Driver(index, name, context);
        try {
            driver.reserveLittle();
        } catch (RuntimeException e) {
            driver.close();
            throw e;
        }
        return driver;
    }

    /**
     * A context reserves a stack for every thread that the GPU could run, and memory for kernels that allocate or print: 264 MiB on
     * an H200. Kernels of ours need little of the first and nothing of the rest; for one of cuBLAS that needs more the driver makes
     * room by itself. A driver that refuses keeps its reserves.
     */
    private void reserveLittle() {
        use();
        cudart.cuCtxSetLimit(cudart.CU_LIMIT_STACK_SIZE, STACK_BYTES);
        cudart.cuCtxSetLimit(cudart.CU_LIMIT_MALLOC_HEAP_SIZE, 0);
        cudart.cuCtxSetLimit(cudart.CU_LIMIT_PRINTF_FIFO_SIZE, LEAST_PRINTF_BYTES);
    }

    /** Makes the context current for the calling thread; cheaper than knowing whether it is. */
    void use() {
        check("cuCtxSetCurrent", cudart.cuCtxSetCurrent(context));
    }

    /**
     * Throws unless {@code code} says success.
     *
     * @param call the function's name
     */
    void check(String call, int code) {
        if (code != cudart.CUDA_SUCCESS) {
            throw failure(call, code, name);
        }
    }

    private static EngineException failure(String call, int code, String gpu) {
        if (code == cudart.CUDA_ERROR_OUT_OF_MEMORY) {
            return EngineException.placement(gpu + " has too little free memory (" + call + ": " + describe(code)
                    + "); close other programs that use it, allow less with --gpu-memory, or use --device cpu");
        }
        return new EngineException(
                EngineException.Kind.DEVICE,
                call + " failed on " + gpu + ": " + describe(code)
                        + "; if it happens again, use --device cpu and report this line",
                null);
    }

    /** As the driver calls it: {@code CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)}. */
    static String describe(int code) {
        try (PointerPointer<BytePointer> name = new PointerPointer<>(1);
                PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
            if (cudart.cuGetErrorName(code, name) != cudart.CUDA_SUCCESS
                    || cudart.cuGetErrorString(code, text) != cudart.CUDA_SUCCESS) {
                return "error " + code;
            }
            return name.get(BytePointer.class, 0).getString() + " ("
                    + text.get(BytePointer.class, 0).getString() + ")";
        }
    }

    int attribute(int attribute) {
        int[] value = new int[1];
        check("cuDeviceGetAttribute", cudart.cuDeviceGetAttribute(value, attribute, index));
        return value[0];
    }

    /** Bytes of the GPU's memory that nobody holds. */
    long freeBytes() {
        use();
        try (SizeTPointer free = new SizeTPointer(1);
                SizeTPointer total = new SizeTPointer(1)) {
            check("cuMemGetInfo", cudart.cuMemGetInfo(free, total));
            return free.get();
        }
    }

    /** For the end of a device's life: an earlier failure matters more than one of this. */
    void close() {
        cudart.cuDevicePrimaryCtxRelease(index);
    }

    /** Ends a context that a failed kernel has spoilt, and to which cuBLAS holds on: its memory would stay taken until the process ends. */
    void reset() {
        cudart.cuDevicePrimaryCtxReset(index);
    }
}
