package dev.flexgen.engine.device;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * How rows are normalised.
 *
 * @param epsilon added to the variance, or to the mean square
 * @param weight F32, or none for 1
 * @param bias F32, or none for 0
 */
public record Norm(
        Kind kind,
        float epsilon,
        @Nullable MemorySegment weight,
        @Nullable MemorySegment bias) {

    /** The formula. */
    public enum Kind {
        /** {@code (x - mean) / sqrt(variance + epsilon) * weight + bias} with the biased variance. */
        LAYER,
        /** {@code x / sqrt(mean(x^2) + epsilon) * weight + bias}. */
        RMS
    }

    /** Layer normalisation. */
    public Norm(float epsilon, @Nullable MemorySegment weight, @Nullable MemorySegment bias) {
        this(Kind.LAYER, epsilon, weight, bias);
    }
}
