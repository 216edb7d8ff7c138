package dev.flexgen.config;

/** The non-linear function between a layer's two feed-forward projections. */
public enum Activation {
    RELU,
    /** Exact, by the error function. */
    GELU,
    /** GELU approximated by the hyperbolic tangent. */
    GELU_TANH,
    /** Gated: the first projection has two halves. */
    SILU
}
