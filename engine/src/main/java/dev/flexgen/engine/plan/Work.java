package dev.flexgen.engine.plan;

/** How much a step has to compute, which decides who computes a shard. */
public enum Work {
    /** Decoding, a draft to verify: bound by how fast weights are read. */
    FEW,
    /** A prompt, a large batch: bound by arithmetic, so that weights are worth moving to the faster device. */
    MANY
}
