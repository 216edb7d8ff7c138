package dev.flexgen.engine.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * Everything about a model but its weights, as data. It may describe more than this version computes: {@link
 * ExecutionSupport} says what. The accessors of sizes are those of the first layer.
 *
 * @param family the family's name, as {@code model_type} spells it
 * @param width of the residual stream (E)
 * @param finalNorm of the last block's output, before the head
 * @param positions the most tokens a sequence can have
 * @param beginToken the id that starts a text, if the model has one
 * @param endTokens ids after which nothing more is generated; often one, sometimes several
 */
public record ModelSpec(
        String family,
        int width,
        TokenTable tokens,
        LayerStack stack,
        Optional<NormSpec> finalNorm,
        HeadSpec head,
        int positions,
        OptionalInt beginToken,
        Set<Integer> endTokens) {

    public ModelSpec {
        endTokens = Collections.unmodifiableSet(new TreeSet<>(endTokens));
    }

    /** The same with other ids that end a text. */
    ModelSpec withEndTokens(Set<Integer> ids) {
        return new ModelSpec(family, width, tokens, stack, finalNorm, head, positions, beginToken, ids);
    }

    /** The same with other layers. */
    ModelSpec withStack(LayerStack other) {
        return new ModelSpec(family, width, tokens, other, finalNorm, head, positions, beginToken, endTokens);
    }

    /** All tensors that a checkpoint of the model may hold, those of the whole model first. */
    public List<TensorSpec> tensors() {
        return TensorSpecs.of(this);
    }

    public Block block(int layer) {
        return stack.block(layer);
    }

    public int layers() {
        return stack.layers();
    }

    public int heads() {
        return attention().heads();
    }

    public int keyHeads() {
        return attention().keyHeads();
    }

    public int headDim() {
        return attention().headDim();
    }

    public int ffnWidth() {
        return block(0).feedForward().width();
    }

    public int vocabulary() {
        return tokens.vocabulary();
    }

    /** Row of the position table that belongs to the first token; 0 where positions are not learned. */
    public int positionOffset() {
        return attention().positions() instanceof Positions.Learned(int offset) ? offset : 0;
    }

    private AttentionSpec attention() {
        return block(0).attention();
    }

    public Dimensions dimensions() {
        return new Dimensions(
                layers(),
                width,
                heads(),
                keyHeads(),
                headDim(),
                ffnWidth(),
                tokens.vocabulary(),
                tokens.width(),
                positions);
    }

    /** Whether projections join a token table of another width to the residual stream (opt-350m). */
    public boolean projectsEmbedding() {
        return tokens.width() != width;
    }

    /** Number of weights, with biases and norms, a tied head counted once; absurd sizes end at {@link Long#MAX_VALUE}. */
    public long parameters() {
        double sum = 0; // exact up to 2^53, a thousand times the largest model
        for (TensorSpec tensor : tensors()) {
            if (tensor.role().part() != ModelPart.HEAD || !head.tied()) {
                sum += (double) tensor.shape().elements() * tensor.count();
            }
        }
        return (long) sum;
    }
}
