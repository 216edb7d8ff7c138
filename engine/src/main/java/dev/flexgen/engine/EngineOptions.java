package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.base.EngineException;

/**
 * What a machine may use, and how models are opened on it where nothing else is said.
 *
 * @param threads that compute; 0 takes all cores
 * @param context see {@link ModelOptions}
 * @param kv element type of the KV cache
 * @param device which devices may compute
 * @param limits what models may take of each memory
 */
public record EngineOptions(int threads, int context, KvType kv, DeviceChoice device, MemoryLimits limits) {

    public EngineOptions {
        if (threads < 0 || threads > 1024) {
            throw EngineException.input("threads is " + threads + "; it must be 0 (all cores) to 1024");
        }
        var _ = new ModelOptions(context, kv, 1); // checks its part
    }

    /** All of the machine, GPU included. */
    public static EngineOptions defaults() {
        return new EngineOptions(0, 0, KvType.AUTO, DeviceChoice.AUTO, MemoryLimits.NONE);
    }

    /** How a model is opened. */
    public ModelOptions model() {
        return new ModelOptions(context, kv, 1);
    }

    /** Threads that compute, counted. */
    int workers() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    public EngineOptions withThreads(int value) {
        return new EngineOptions(value, context, kv, device, limits);
    }

    public EngineOptions withContext(int value) {
        return new EngineOptions(threads, value, kv, device, limits);
    }

    public EngineOptions withKv(KvType value) {
        return new EngineOptions(threads, context, value, device, limits);
    }

    public EngineOptions withDevice(DeviceChoice value) {
        return new EngineOptions(threads, context, kv, value, limits);
    }

    public EngineOptions withLimits(MemoryLimits value) {
        return new EngineOptions(threads, context, kv, device, value);
    }
}
