package dev.flexgen.engine.tensor;

/** The non-linearity between a feed-forward block's two projections. */
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
