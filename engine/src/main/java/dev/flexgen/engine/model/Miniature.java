package dev.flexgen.engine.model;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A model of one small layer that is computed by the same operations as a large one. Pure functions. */
public final class Miniature {

    private static final int WIDTH = 256;
    private static final int NEURONS = 512;
    private static final int VOCABULARY = 512;
    private static final int POSITIONS = 128;
    private static final int LEAST_HEADS = 2;
    private static final int MOST_HEADS = 8;

    private Miniature() {}

    /** Of a model; empty if that has experts, which are computed in several ways. */
    public static Optional<ModelSpec> of(ModelSpec spec) {
        Block block = spec.block(0);
        return feedForward(block.feedForward()).map(feedForward -> {
            AttentionSpec attention = attention(block.attention());
            int whole = attention.heads() * attention.headDim();
            int width = block.attention().heads() * block.attention().headDim() == spec.width() ? whole : WIDTH;
            return new ModelSpec(
                    spec.family(),
                    width,
                    new TokenTable(
                            Math.min(VOCABULARY, spec.vocabulary()),
                            spec.projectsEmbedding() ? width / 2 : width,
                            spec.tokens().norm()),
                    LayerStack.of(
                            new Block(block.norm(), block.normPlace(), block.residual(), attention, feedForward), 1),
                    spec.finalNorm(),
                    spec.head(),
                    Math.min(POSITIONS, spec.positions()),
                    OptionalInt.empty(),
                    Set.of());
        });
    }

    private static Optional<FeedForwardSpec> feedForward(FeedForwardSpec spec) {
        return switch (spec) {
            case FeedForwardSpec.Plain plain ->
                Optional.of(new FeedForwardSpec.Plain(NEURONS, plain.activation(), plain.bias()));
            case FeedForwardSpec.Gated gated -> Optional.of(new FeedForwardSpec.Gated(NEURONS, gated.activation()));
            case FeedForwardSpec.Experts _ -> Optional.empty();
        };
    }

    private static AttentionSpec attention(AttentionSpec spec) {
        int each = spec.heads() / spec.keyHeads();
        int keyHeads = each >= LEAST_HEADS ? 1 : LEAST_HEADS;
        return new AttentionSpec(
                keyHeads * Math.min(each, MOST_HEADS),
                keyHeads,
                spec.headDim(),
                spec.inputBias(),
                spec.outputBias(),
                spec.positions(),
                spec.headNorm(),
                spec.window());
    }
}
