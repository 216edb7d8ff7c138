package dev.flexgen.engine.device;

import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageFormat;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A full block of a cache that is to be sealed, for one layer and head range.
 *
 * @param keys as written // [heads, tokens, headDim]
 * @param values likewise
 * @param sealedKeys gets what {@link PageFormat} says, for each head
 * @param sealedValues likewise
 */
public record KvSealing(
        KvEncoding encoding,
        int heads,
        int headDim,
        MemorySegment keys,
        MemorySegment values,
        MemorySegment sealedKeys,
        MemorySegment sealedValues) {

    public PageFormat format() {
        return Objects.requireNonNull(encoding.sealed(), "a cache without sealed blocks");
    }

    /** Bytes of the keys as written; the values take as many. */
    public long openBytes() {
        return encoding.open().bytes((long) heads * format().tokens(), headDim);
    }

    public long sealedKeyBytes() {
        return (long) heads * format().keyBytes(headDim);
    }

    public long sealedValueBytes() {
        return (long) heads * format().valueBytes(headDim);
    }
}
