package dev.flexgen.engine;

import dev.flexgen.engine.quant.Encoding;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Encoding of a model's matrices once loaded. */
public enum WeightType {
    /**
     * As stored where the whole model fits the memory of the device that computes fastest, a GPU's if there is one; else in 4 bits.
     */
    AUTO,
    /** Each as its checkpoint stores it. */
    NATIVE,
    F16,
    Q8,
    Q4,
    Q3;

    /** Whether weights are encoded in one way that is known. */
    public boolean encodes() {
        return this != AUTO && this != NATIVE;
    }

    /** As settings call it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static WeightType of(Encoding encoding) {
        return Arrays.stream(values())
                .filter(it -> it != AUTO && it.encoding().equals(Optional.of(encoding)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("weights in " + encoding.name()));
    }

    /** Empty to keep what is stored. */
    public Optional<Encoding> encoding() {
        return switch (this) {
            case AUTO -> throw new IllegalStateException("not decided yet");
            case NATIVE -> Optional.empty();
            case F16 -> Optional.of(Encoding.F16);
            case Q8 -> Optional.of(Encoding.Q8);
            case Q4 -> Optional.of(Encoding.Q4);
            case Q3 -> Optional.of(Encoding.Q3);
        };
    }
}
