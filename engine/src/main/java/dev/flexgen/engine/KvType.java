package dev.flexgen.engine;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;

/** Encoding of the KV cache. */
public enum KvType {
    /** F32 for models stored in F32, else F16. */
    AUTO,
    F32,
    F16;

    Encoding resolve(DType weights) {
        return switch (this) {
            case AUTO -> weights == DType.F32 ? Encoding.F32 : Encoding.F16;
            case F32 -> Encoding.F32;
            case F16 -> Encoding.F16;
        };
    }
}
