package dev.flexgen.engine.weights;

import dev.flexgen.engine.memory.BlockFile;
import dev.flexgen.engine.memory.Tier;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The place of a block of weights. */
public sealed interface WeightLocation {

    /** A part of the block, as a block of its own. */
    WeightLocation slice(long from, long bytes);

    /**
     * In device or host memory.
     *
     * @param pageLocked whether a GPU may copy from it directly
     */
    record Memory(Tier tier, MemorySegment block, boolean pageLocked) implements WeightLocation {
        @Override
        public Memory slice(long from, long bytes) {
            return new Memory(tier, block.asSlice(from, bytes), pageLocked);
        }
    }

    /**
     * In a file.
     *
     * @param extents pieces of the block that are contiguous in the file, in the order of their place in the block; what is between them
     *     is of no matter
     * @param bytes of the block
     */
    record File(BlockFile file, List<Extent> extents, long bytes) implements WeightLocation {

        public File {
            extents = List.copyOf(extents);
        }

        @Override
        public File slice(long from, long length) {
            List<Extent> inside = extents.stream()
                    .filter(extent -> extent.end() > from && extent.at() < from + length)
                    .map(extent -> {
                        long start = Math.max(extent.at(), from);
                        long end = Math.min(extent.end(), from + length);
                        return new Extent(start - from, extent.offset() + start - extent.at(), end - start);
                    })
                    .toList();
            return new File(file, inside, length);
        }

        /** A block that is in the file as it is in memory. */
        static File whole(BlockFile file, long offset, long bytes) {
            return new File(file, List.of(new Extent(0, offset, bytes)), bytes);
        }
    }

    /**
     * A piece of a block.
     *
     * @param at where in the block it begins
     * @param offset where in the file it begins
     */
    record Extent(long at, long offset, long bytes) {

        public long end() {
            return at + bytes;
        }
    }
}
