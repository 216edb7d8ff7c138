package dev.flexgen.engine.tensor;

import java.lang.foreign.MemorySegment;

/**
 * A row-major, contiguous, little-endian block of numbers off the Java heap, as a checkpoint stores it.
 *
 * @param data exactly {@code type.bytes(shape.elements())} bytes, of any alignment; its arena belongs to whoever made the
 *     tensor
 */
public record Tensor(ElementType type, Shape shape, MemorySegment data) {

    public Tensor {
        long expected = type.bytes(shape.elements());
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException(
                    type + " " + shape + " needs " + expected + " bytes, got " + data.byteSize());
        }
    }

    public Tensor(DType type, Shape shape, MemorySegment data) {
        this(ElementType.of(type), shape, data);
    }

    /** The type in which the engine holds its numbers; checkpoints hand out no tensor that has none. */
    public DType dtype() {
        return type.held().orElseThrow(() -> new IllegalStateException("no weights are of type " + type));
    }
}
