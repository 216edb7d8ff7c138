package dev.flexgen.engine.device;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageFormat;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * The keys and values of one sequence for one layer and head range, as an attending device sees them: blocks of
 * {@link #blockTokens()} positions each. The first {@link #sealedBlocks()} are sealed: in fewer bits, and only read.
 *
 * @param encoding of the keys and values
 * @param keys one segment per block // [heads, blockTokens, headDim], or for each head what {@link PageFormat} says
 * @param values likewise
 */
public record KvView(
        KvEncoding encoding,
        int heads,
        int headDim,
        int blockTokens,
        List<MemorySegment> keys,
        List<MemorySegment> values,
        int sealedBlocks) {

    public KvView {
        if (sealedBlocks > 0 && format(encoding).tokens() != blockTokens) {
            throw new IllegalArgumentException("sealed blocks of " + blockTokens + " positions");
        }
    }

    /** All blocks as they were written. */
    public KvView(
            Encoding encoding,
            int heads,
            int headDim,
            int blockTokens,
            List<MemorySegment> keys,
            List<MemorySegment> values) {
        this(KvEncoding.of(encoding), heads, headDim, blockTokens, keys, values, 0);
    }

    /** Byte offset of the entry of {@code head} at {@code position} within its block, which is not sealed. */
    public long offset(int head, int position) {
        return encoding.open().bytes((long) head * blockTokens + position % blockTokens, headDim);
    }

    /** Bytes of the keys of one block. */
    public long keyBytes(int block) {
        return isSealed(block) ? (long) heads * format().keyBytes(headDim) : openBytes();
    }

    /** Bytes of the values of one block. */
    public long valueBytes(int block) {
        return isSealed(block) ? (long) heads * format().valueBytes(headDim) : openBytes();
    }

    private long openBytes() {
        return encoding.open().bytes((long) heads * blockTokens, headDim);
    }

    public boolean isSealed(int block) {
        return block < sealedBlocks;
    }

    /** Of sealed blocks. */
    public PageFormat format() {
        return format(encoding);
    }

    private static PageFormat format(KvEncoding encoding) {
        return Objects.requireNonNull(encoding.sealed(), "a cache without sealed blocks");
    }

    /**
     * The element type of blocks that are not sealed.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind DEVICE, by name, if they are encoded in groups
     */
    public DType dtype() {
        return encoding.open().elementType();
    }

    public int block(int position) {
        return position / blockTokens;
    }

    /** Positions for which there is room. */
    public int capacity() {
        return keys.size() * blockTokens;
    }
}
