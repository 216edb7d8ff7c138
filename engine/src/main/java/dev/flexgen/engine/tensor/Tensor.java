package dev.flexgen.engine.tensor;

import java.lang.foreign.MemorySegment;

/**
 * A row-major, contiguous, little-endian block of numbers off the Java heap.
 *
 * @param data exactly {@code dtype.bytes(shape.elements())} bytes, of any alignment; its arena belongs to whoever made the
 *     tensor
 */
public record Tensor(DType dtype, Shape shape, MemorySegment data) {

    public Tensor {
        long expected = dtype.bytes(shape.elements());
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException(
                    dtype + " " + shape + " needs " + expected + " bytes, got " + data.byteSize());
        }
    }
}
