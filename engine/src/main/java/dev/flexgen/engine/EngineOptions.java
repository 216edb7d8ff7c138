package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.ModelSpec;

/**
 * How a model is opened.
 *
 * @param threads that compute; 0 takes all cores
 * @param context most tokens a conversation may hold; 0 takes the model's own limit
 * @param kv element type of the KV cache
 * @param device which devices may compute
 * @param limits what it may take of each memory
 */
public record EngineOptions(int threads, int context, KvType kv, DeviceChoice device, MemoryLimits limits) {

    public EngineOptions {
        if (threads < 0 || threads > 1024) {
            throw EngineException.input("threads is " + threads + "; it must be 0 (all cores) to 1024");
        }
        if (context < 0) {
            throw EngineException.input("context is " + context + "; it must be 0 (the model's) or more");
        }
    }

    /** All of the machine, GPU included. */
    public static EngineOptions defaults() {
        return new EngineOptions(0, 0, KvType.AUTO, DeviceChoice.AUTO, MemoryLimits.NONE);
    }

    /** Threads that compute, counted. */
    int workers() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    /**
     * Most tokens of a conversation with this model.
     *
     * @throws EngineException of kind INPUT if it knows fewer positions
     */
    int contextOf(ModelSpec spec) {
        if (context > spec.positions()) {
            throw EngineException.input("context is " + context + ", but this model knows " + spec.positions()
                    + " positions; choose at most that");
        }
        return context == 0 ? spec.positions() : context;
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
