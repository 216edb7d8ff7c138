package dev.flexgen.engine.quant;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a KV cache encodes its keys and values, whatever the encoding of the weights: positions that may still change one by one,
 * and pages that are full, if those are kept in fewer bits. Immutable.
 *
 * @param open encoding of the pages that are being written; one head at one position is one row of it
 * @param sealed format of full pages, or null if they stay as they were written
 */
public record KvEncoding(Encoding open, @Nullable PageFormat sealed) {

    public static final KvEncoding F32 = of(Encoding.F32);
    public static final KvEncoding F16 = of(Encoding.F16);

    /** 4 bits in full pages, F16 in the others. */
    public static final KvEncoding Q4 = new KvEncoding(Encoding.F16, PageFormat.Q4);

    /** Every encoding that settings can name. */
    public static final List<KvEncoding> ALL = List.of(F32, F16, Q4);

    /** The encoding that writes all pages alike and leaves them so. */
    public static KvEncoding of(Encoding encoding) {
        return new KvEncoding(encoding, null);
    }

    /** As settings and messages call it: "f16", "q4". */
    public String name() {
        return sealed == null ? open.name() : sealed.encoding().name();
    }
}
