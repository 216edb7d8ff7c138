package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One tensor as a file describes it, validated against the file's size but not yet touched. */
sealed interface StoredTensor permits PlainTensor, TorchTensor {

    ElementType type();

    Shape shape();

    /** The file that holds it. */
    MappedFile file();

    /** Its elements in row-major order: the file's own bytes where they lie so, else a copy owned by {@code arena}. */
    MemorySegment contiguous(Arena arena);
}
