package dev.flexgen.engine.device;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The keys and values of one sequence for one layer and head range, as an attending device sees them: blocks of
 * {@link #blockTokens()} positions each.
 *
 * @param encoding of the keys and values; one head at one position is one row of it
 * @param keys one segment per block // [heads, blockTokens, headDim]
 * @param values likewise
 */
public record KvView(
        Encoding encoding,
        int heads,
        int headDim,
        int blockTokens,
        List<MemorySegment> keys,
        List<MemorySegment> values) {

    /** Byte offset of the entry of {@code head} at {@code position} within its block. */
    public long offset(int head, int position) {
        return encoding.bytes((long) head * blockTokens + position % blockTokens, headDim);
    }

    /** Bytes of the keys of one block; its values take as many. */
    public long blockBytes() {
        return encoding.bytes((long) heads * blockTokens, headDim);
    }

    /**
     * The element type of plain keys and values.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind DEVICE, by name, if they are encoded in groups
     */
    public DType dtype() {
        return encoding.elementType();
    }

    public int block(int position) {
        return position / blockTokens;
    }

    /** Positions for which there is room. */
    public int capacity() {
        return keys.size() * blockTokens;
    }
}
