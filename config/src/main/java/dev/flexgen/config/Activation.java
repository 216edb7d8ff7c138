package dev.flexgen.config;

/** The non-linear function between a layer's two feed-forward projections, or of a gate. */
public enum Activation {
    /** {@code max(x, 0)}. */
    RELU,
    /** {@code x/2 (1 + erf(x / sqrt 2))}, the exact form, as OPT-shaped models named "gelu" mean it. */
    GELU,
    /** {@code x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}, the approximation that others were trained with. */
    GELU_TANH,
    /** {@code x / (1 + e^-x)}. */
    SILU
}
