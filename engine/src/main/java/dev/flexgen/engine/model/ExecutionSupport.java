package dev.flexgen.engine.model;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import java.util.Optional;

/**
 * What of a {@link ModelSpec} this version computes. A spec may describe more; opening it for execution is refused then, so
 * that nothing of a model is left out in silence. Whoever makes the engine compute more, takes a line away here.
 */
public final class ExecutionSupport {

    private ExecutionSupport() {}

    /**
     * Returns if all of the model can be computed.
     *
     * @throws EngineException of kind MODEL that names what cannot
     */
    public static void require(ModelSpec spec) {
        missing(spec).ifPresent(what -> {
            throw EngineException.model("Models of type " + spec.family() + " need " + what
                    + ", which this version does not compute; choose a model of another family");
        });
    }

    /** The first thing that a model needs and this version lacks. */
    static Optional<String> missing(ModelSpec spec) {
        Block first = spec.block(0);
        for (LayerStack.Run run : spec.stack().runs()) {
            if (!run.block().withFeedForward(first.feedForward()).equals(first)) {
                return Optional.of("layers that differ in more than their feed-forward networks");
            }
            Optional<String> missing = missing(run.block());
            if (missing.isPresent()) {
                return missing;
            }
        }
        return spec.head().tied() && spec.head().bias() != Bias.NONE
                ? Optional.of("biases of a head that is the token table")
                : Optional.empty();
    }

    private static Optional<String> missing(Block block) {
        if (block.normPlace() == NormPlace.AROUND) {
            return Optional.of("norms on both sides of attention");
        }
        if (block.residual() == Residual.PARALLEL) {
            return Optional.of("attention and feed-forward networks side by side with norms of their own");
        }
        if (block.residual() == Residual.PARALLEL_SHARED_NORM && block.normPlace() != NormPlace.BEFORE) {
            return Optional.of("one norm behind attention and feed-forward networks");
        }
        return Optional.empty();
    }

    /** The activation that devices compute in a block's feed-forward network. */
    public static Activation activation(Block block) {
        return switch (block.feedForward()) {
            case FeedForwardSpec.Plain plain -> plain.activation();
            case FeedForwardSpec.Gated gated -> gated.activation();
            case FeedForwardSpec.Experts experts -> experts.expert().activation();
        };
    }
}
