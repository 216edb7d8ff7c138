package dev.flexgen.engine;

/**
 * How a model is opened.
 *
 * @param threads that compute; 0 takes all cores
 * @param context most tokens a conversation may hold; 0 takes the model's own limit
 * @param kv element type of the KV cache
 */
public record EngineOptions(int threads, int context, KvType kv) {

    public EngineOptions {
        if (threads < 0 || threads > 1024) {
            throw EngineException.input("threads is " + threads + "; it must be 0 (all cores) to 1024");
        }
        if (context < 0) {
            throw EngineException.input("context is " + context + "; it must be 0 (the model's) or more");
        }
    }

    public static EngineOptions defaults() {
        return new EngineOptions(0, 0, KvType.AUTO);
    }

    public EngineOptions withThreads(int value) {
        return new EngineOptions(value, context, kv);
    }

    public EngineOptions withContext(int value) {
        return new EngineOptions(threads, value, kv);
    }

    public EngineOptions withKv(KvType value) {
        return new EngineOptions(threads, context, value);
    }
}
