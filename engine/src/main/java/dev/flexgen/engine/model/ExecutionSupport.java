package dev.flexgen.engine.model;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import dev.flexgen.engine.tensor.Activation;
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
        if (spec.stack().runs().size() > 1) {
            return Optional.of("layers of several kinds");
        }
        if (spec.tokens().norm().isPresent()) {
            return Optional.of("a norm behind the token table");
        }
        if (spec.head().bias() != Bias.NONE) {
            return Optional.of("a head with biases");
        }
        if (spec.finalNorm()
                .filter(norm -> norm.kind() == NormSpec.Kind.RMS_NORM)
                .isPresent()) {
            return Optional.of("RMS norms");
        }
        return missing(spec.block(0));
    }

    private static Optional<String> missing(Block block) {
        if (block.norm().kind() == NormSpec.Kind.RMS_NORM) {
            return Optional.of("RMS norms");
        }
        if (block.normPlace() == NormPlace.AROUND) {
            return Optional.of("norms on both sides of attention");
        }
        if (block.residual() != Residual.SEQUENTIAL) {
            return Optional.of("attention and feed-forward networks side by side");
        }
        if (block.attention().headNorm().isPresent()) {
            return Optional.of("norms of queries and keys");
        }
        Optional<String> positions = switch (block.attention().positions()) {
            case Positions.Learned _ -> Optional.empty();
            case Positions.Rotary _ -> Optional.of("rotary positions");
            case Positions.Alibi _ -> Optional.of("ALiBi positions");
            case Positions.None _ -> Optional.of("attention without positions");
        };
        return positions.or(() -> missing(block.feedForward()));
    }

    private static Optional<String> missing(FeedForwardSpec feedForward) {
        return switch (feedForward) {
            case FeedForwardSpec.Plain plain ->
                computed(plain.activation()).isPresent()
                        ? Optional.empty()
                        : Optional.of("the activation " + plain.activation());
            case FeedForwardSpec.Gated _ -> Optional.of("gated feed-forward networks");
            case FeedForwardSpec.Experts _ -> Optional.of("experts");
        };
    }

    private static Optional<Activation> computed(dev.flexgen.config.Activation activation) {
        return switch (activation) {
            case RELU -> Optional.of(Activation.RELU);
            case GELU -> Optional.of(Activation.GELU);
            case GELU_TANH, SILU -> Optional.empty();
        };
    }

    /**
     * The activation that devices compute.
     *
     * @throws IllegalStateException if {@link #require} would have refused the block
     */
    public static Activation activation(Block block) {
        if (block.feedForward() instanceof FeedForwardSpec.Plain plain) {
            return computed(plain.activation()).orElseThrow(IllegalStateException::new);
        }
        throw new IllegalStateException("no plain feed-forward network");
    }
}
