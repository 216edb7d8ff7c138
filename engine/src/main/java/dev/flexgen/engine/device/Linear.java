package dev.flexgen.engine.device;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * An up projection: {@code y = x W^T + b}.
 *
 * @param weight one row per output // [outputs, inputs]
 * @param bias F32, one per output, or none
 */
public record Linear(Matrix weight, @Nullable MemorySegment bias) {}
