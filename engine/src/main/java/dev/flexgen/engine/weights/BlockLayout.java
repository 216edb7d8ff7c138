package dev.flexgen.engine.weights;

import dev.flexgen.engine.memory.ScratchFile;
import java.lang.foreign.MemorySegment;

/**
 * How the matrices of a shard lie in one contiguous block: the same on every tier, so that a block moves in one piece.
 *
 * @param <V> the matrices
 */
public interface BlockLayout<V> {

    /** Blocks are read from disks in whole pages. */
    long PAGE = ScratchFile.PAGE;

    /** Bytes of the block, whole pages. */
    long bytes();

    /** Bytes that a token reads of it on average, every neuron active. */
    default long readBytes() {
        return bytes();
    }

    /** The matrices in a block that begins where {@code block} begins. */
    V in(MemorySegment block);
}
