package dev.flexgen.engine.device;

import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The keys and values of one sequence for one layer and head range, as an attending device sees them: blocks of
 * {@link #blockTokens()} positions each.
 *
 * @param keys one segment per block // [heads, blockTokens, headDim]
 * @param values likewise
 */
public record KvView(
        DType dtype, int heads, int headDim, int blockTokens, List<MemorySegment> keys, List<MemorySegment> values) {

    /** Byte offset of the entry of {@code head} at {@code position} within its block. */
    public long offset(int head, int position) {
        return dtype.bytes(((long) head * blockTokens + position % blockTokens) * headDim);
    }

    public int block(int position) {
        return position / blockTokens;
    }

    /** Positions for which there is room. */
    public int capacity() {
        return keys.size() * blockTokens;
    }
}
