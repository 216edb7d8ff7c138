package dev.flexgen.engine.model;

/**
 * How rows are normalised.
 *
 * @param epsilon added to the variance, or to the mean square
 */
public record NormSpec(Kind kind, float epsilon) {

    /** The formula. */
    public enum Kind {
        /** {@code (x - mean) / sqrt(variance + epsilon) * weight + bias}. */
        LAYER_NORM,
        /** {@code x / sqrt(mean(x^2) + epsilon) * weight}. */
        RMS_NORM
    }
}
