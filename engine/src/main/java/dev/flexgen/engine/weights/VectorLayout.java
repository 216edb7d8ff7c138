package dev.flexgen.engine.weights;

import java.lang.foreign.MemorySegment;

/** The place of a vector of F32 in a block. */
public record VectorLayout(long at, int length) {

    /** Behind the first {@code from} bytes of a block. */
    static VectorLayout after(long from, int length) {
        return new VectorLayout(MatrixLayout.align(from, MatrixLayout.ALIGNMENT), length);
    }

    long end() {
        return at + bytes();
    }

    long bytes() {
        return 4L * length;
    }

    MemorySegment in(MemorySegment block) {
        return block.asSlice(at, bytes());
    }
}
