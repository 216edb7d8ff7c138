package dev.flexgen.engine.weights;

import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import java.lang.foreign.MemorySegment;

/** Where a block of weights lies. */
public sealed interface WeightLocation {

    /**
     * In device or host memory.
     *
     * @param pageLocked whether a GPU may copy from it directly
     */
    record Memory(Tier tier, MemorySegment block, boolean pageLocked) implements WeightLocation {}

    /** In a file. */
    record File(ScratchFile file, long offset, long bytes) implements WeightLocation {}
}
