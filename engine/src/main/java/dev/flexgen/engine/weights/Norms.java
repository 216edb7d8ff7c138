package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.model.NormSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** From what a model says of a norm to what a device computes. */
final class Norms {

    private Norms() {}

    static Norm of(NormSpec spec, @Nullable MemorySegment weight, @Nullable MemorySegment bias) {
        Norm.Kind kind = switch (spec.kind()) {
            case LAYER_NORM -> Norm.Kind.LAYER;
            case RMS_NORM -> Norm.Kind.RMS;
        };
        return new Norm(kind, spec.epsilon(), weight, bias);
    }
}
