package dev.flexgen.engine;

/** Told how far a prefill is, on the engine's thread. */
@FunctionalInterface
public interface ProgressListener {

    ProgressListener NONE = (doneTokens, totalTokens) -> {};

    void onProgress(int doneTokens, int totalTokens);
}
