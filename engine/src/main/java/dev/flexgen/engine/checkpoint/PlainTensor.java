package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A tensor whose elements lie in a file in row-major order, so that they can be used in place. */
record PlainTensor(MappedFile file, ElementType type, Shape shape, MemorySegment data) implements StoredTensor {
    @Override
    public MemorySegment contiguous(Arena arena) {
        return data;
    }
}
