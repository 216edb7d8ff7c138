package dev.flexgen.engine.device.cuda;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
        Long used = used(List.of(index)).get(index);
        return used == null ? OptionalLong.empty() : OptionalLong.of(used);
    }

    /** The same of several GPUs, by index; without those of which the library says nothing. */
    static Map<Integer, Long> used(List<Integer> indexes) {
        Map<Integer, Long> used = new HashMap<>();
        try {
            if (nvml.nvmlInit_v2() == nvml.NVML_SUCCESS) {
                try {
                    indexes.forEach(index -> query(index).ifPresent(bytes -> used.put(index, bytes)));
                } finally {
                    nvml.nvmlShutdown();
                }
            }
            return used;
        } catch (LinkageError e) {
            return used;
        }
    }

    private static OptionalLong query(int index) {
        byte[] bus = new byte[32];
        if (cudart.cuDeviceGetPCIBusId(bus, bus.length, index) != cudart.CUDA_SUCCESS) {
            return OptionalLong.empty();
        }
        nvmlDevice_st device = new nvmlDevice_st();
        try (BytePointer name = new BytePointer(bus);
                nvmlMemory_t memory = new nvmlMemory_t()) {
            boolean answered = nvml.nvmlDeviceGetHandleByPciBusId_v2(name, device) == nvml.NVML_SUCCESS
                    && nvml.nvmlDeviceGetMemoryInfo(device, memory) == nvml.NVML_SUCCESS;
            return answered ? OptionalLong.of(memory.used()) : OptionalLong.empty();
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
