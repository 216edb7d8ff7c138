package dev.flexgen.engine;

import dev.flexgen.engine.quant.Encoding;
import org.jspecify.annotations.Nullable;

/** Encoding of a model's matrices once loaded. */
public enum WeightType {
    /** Each as its checkpoint stores it. */
    NATIVE(null),
    F16(Encoding.F16),
    Q8(Encoding.Q8),
    Q4(Encoding.Q4),
    Q3(Encoding.Q3);

    private final @Nullable Encoding encoding;

    WeightType(@Nullable Encoding encoding) {
        this.encoding = encoding;
    }

    /** Null to keep what is stored. */
    @Nullable
    Encoding encoding() {
        return encoding;
    }
}
