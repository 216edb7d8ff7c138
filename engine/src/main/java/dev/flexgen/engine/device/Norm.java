package dev.flexgen.engine.device;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Layer normalisation {@code (x - mean) / sqrt(variance + epsilon) * weight + bias} with the biased variance.
 *
 * @param weight F32, or none for 1
 * @param bias F32, or none for 0
 */
public record Norm(
        float epsilon,
        @Nullable MemorySegment weight,
        @Nullable MemorySegment bias) {}
