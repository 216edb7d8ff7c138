package dev.flexgen.engine.device.cuda;

import java.util.OptionalLong;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvml;
import org.bytedeco.cuda.nvml.nvmlDevice_st;
import org.bytedeco.cuda.nvml.nvmlMemory_t;
import org.bytedeco.javacpp.BytePointer;

/**
 * The management library's figures for one GPU's memory: the only ones to be had without a context, and so the only way to see
 * what a context takes. Where that library does not answer, a usual value stands in.
 *
 * @param index of the GPU, as the driver counts
 */
record MemoryFigures(int index) {

    /** What a context took on GPUs from T4 to H100, rounded up. */
    private static final long USUAL_CONTEXT_BYTES = 512L << 20;

    /** Bytes in use by all processes together. */
    OptionalLong used() {
        try {
            byte[] bus = new byte[32];
            if (cudart.cuDeviceGetPCIBusId(bus, bus.length, index) != cudart.CUDA_SUCCESS
                    || nvml.nvmlInit_v2() != nvml.NVML_SUCCESS) {
                return OptionalLong.empty();
            }
            return query(new BytePointer(bus));
        } catch (LinkageError e) {
            return OptionalLong.empty();
        }
    }

    private static OptionalLong query(BytePointer bus) {
        nvmlDevice_st device = new nvmlDevice_st();
        try (bus;
                nvmlMemory_t memory = new nvmlMemory_t()) {
            boolean answered = nvml.nvmlDeviceGetHandleByPciBusId_v2(bus, device) == nvml.NVML_SUCCESS
                    && nvml.nvmlDeviceGetMemoryInfo(device, memory) == nvml.NVML_SUCCESS;
            return answered ? OptionalLong.of(memory.used()) : OptionalLong.empty();
        } finally {
            nvml.nvmlShutdown();
        }
    }

    /** What has been taken since {@code before} were in use, or what a context usually takes. */
    long growth(OptionalLong before) {
        OptionalLong now = before.isPresent() ? used() : before;
        return now.isPresent() && now.getAsLong() > before.getAsLong()
                ? now.getAsLong() - before.getAsLong()
                : USUAL_CONTEXT_BYTES;
    }
}
