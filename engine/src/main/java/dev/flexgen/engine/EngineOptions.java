package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.config.GpuChoice;
import dev.flexgen.engine.base.EngineException;

/**
 * What a machine may use, and how models are opened on it where nothing else is said.
 *
 * @param threads that compute; 0 takes all cores, beside a GPU three quarters of them
 * @param model how models are opened
 * @param device which devices may compute
 * @param gpus which of the GPUs, if any may
 * @param limits what models may take of each memory
 */
public record EngineOptions(int threads, ModelOptions model, DeviceChoice device, GpuChoice gpus, MemoryLimits limits) {

    public EngineOptions {
        if (threads < 0 || threads > 1024) {
            throw EngineException.input("threads is " + threads + "; it must be 0 (all cores) to 1024");
        }
    }

    /** All of the machine, GPU included. */
    public static EngineOptions defaults() {
        return new EngineOptions(0, ModelOptions.DEFAULTS, DeviceChoice.AUTO, GpuChoice.FIRST, MemoryLimits.NONE);
    }

    /** Threads of the processor that compute, beside a GPU or alone. */
    int workers(boolean besideGpu) {
        return workers(Runtime.getRuntime().availableProcessors(), threads, besideGpu);
    }

    /**
     * Beside a GPU a quarter of the cores is left to the engine's thread, the driver and the system, unless a number was asked for:
     * a half layer takes as long as its slowest thread, and on the one machine where that was measured 12 of 16 were
     * faster than 15 (docs/BENCHMARKS.md).
     */
    static int workers(int cores, int asked, boolean besideGpu) {
        return asked > 0 ? asked : besideGpu ? cores - cores / 4 : cores;
    }

    public EngineOptions withThreads(int value) {
        return new EngineOptions(value, model, device, gpus, limits);
    }

    public EngineOptions withContext(int value) {
        return withModel(model.withContext(value));
    }

    public EngineOptions withWeights(WeightType value) {
        return withModel(model.withWeights(value));
    }

    public EngineOptions withKv(KvType value) {
        return withModel(model.withKv(value));
    }

    private EngineOptions withModel(ModelOptions value) {
        return new EngineOptions(threads, value, device, gpus, limits);
    }

    public EngineOptions withDevice(DeviceChoice value) {
        return new EngineOptions(threads, model, value, gpus, limits);
    }

    public EngineOptions withGpus(GpuChoice value) {
        return new EngineOptions(threads, model, device, value, limits);
    }

    public EngineOptions withLimits(MemoryLimits value) {
        return new EngineOptions(threads, model, device, gpus, value);
    }
}
