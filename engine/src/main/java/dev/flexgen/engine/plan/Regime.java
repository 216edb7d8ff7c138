package dev.flexgen.engine.plan;

/** How much a step has to compute, which decides who computes a shard. */
public enum Regime {
    /** Decoding, a draft to verify: bound by how fast weights are read. */
    MEMORY_BOUND,
    /** A prompt, a large batch: bound by arithmetic, so that weights are worth moving to the faster device. */
    COMPUTE_BOUND
}
