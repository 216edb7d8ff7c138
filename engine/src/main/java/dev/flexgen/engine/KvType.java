package dev.flexgen.engine;

import dev.flexgen.engine.tensor.DType;

/** Element type of the KV cache. */
public enum KvType {
    /** F32 for models stored in F32, else F16. */
    AUTO,
    F32,
    F16;

    DType resolve(DType weights) {
        return switch (this) {
            case AUTO -> weights == DType.F32 ? DType.F32 : DType.F16;
            case F32 -> DType.F32;
            case F16 -> DType.F16;
        };
    }
}
