package dev.flexgen.engine.weights;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.model.Block;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.LayerStack;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.NormSpec;
import dev.flexgen.engine.model.Positions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** What a device must be able to do to compute a model's layers, beside what all can. */
public final class Needs {

    private Needs() {}

    /** Of all its layers. */
    public static Set<Capability> of(ModelSpec spec) {
        Set<Capability> needs = EnumSet.noneOf(Capability.class);
        for (LayerStack.Run run : spec.stack().runs()) {
            add(run.block(), needs);
        }
        if (spec.finalNorm().stream().anyMatch(Needs::isRms)
                || spec.tokens().norm().stream().anyMatch(Needs::isRms)) {
            needs.add(Capability.RMS_NORM);
        }
        return needs;
    }

    private static void add(Block block, Set<Capability> needs) {
        if (isRms(block.norm()) || block.attention().headNorm().stream().anyMatch(Needs::isRms)) {
            needs.add(Capability.RMS_NORM);
        }
        switch (block.attention().positions()) {
            case Positions.Learned _, Positions.None _ -> {}
            case Positions.Rotary _ -> needs.add(Capability.ROTARY);
            case Positions.Alibi _ -> needs.add(Capability.ALIBI);
        }
        if (block.attention().window() > 0) {
            needs.add(Capability.WINDOW);
        }
        Activation activation = ExecutionSupport.activation(block);
        if (activation == Activation.SILU || activation == Activation.GELU_TANH) {
            needs.add(Capability.SMOOTH_ACTIVATIONS);
        }
        switch (block.feedForward()) {
            case FeedForwardSpec.Plain _ -> {}
            case FeedForwardSpec.Gated _ -> needs.add(Capability.GATES);
            case FeedForwardSpec.Experts _ -> {
                needs.add(Capability.GATES);
                needs.add(Capability.EXPERTS);
            }
        }
    }

    private static boolean isRms(NormSpec norm) {
        return norm.kind() == NormSpec.Kind.RMS_NORM;
    }

    /** The first thing that the model needs and the device cannot do. */
    public static Optional<Capability> missing(ModelSpec spec, Device device) {
        return of(spec).stream().filter(need -> !device.supports(need)).findFirst();
    }
}
