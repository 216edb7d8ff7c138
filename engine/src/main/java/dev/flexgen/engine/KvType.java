package dev.flexgen.engine;

import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;

/** Encoding of the KV cache. */
public enum KvType {
    /** F32 for models stored in F32, else F16. */
    AUTO,
    F32,
    F16,
    /** 4 bits for full pages of 64 tokens, F16 for the tokens after them. */
    Q4;

    KvEncoding resolve(DType weights) {
        return switch (this) {
            case AUTO -> weights == DType.F32 ? KvEncoding.F32 : KvEncoding.F16;
            case F32 -> KvEncoding.F32;
            case F16 -> KvEncoding.F16;
            case Q4 -> KvEncoding.Q4;
        };
    }
}
