package dev.flexgen.engine.model;

import java.util.Collections;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * Everything about a model but its weights.
 *
 * @param family the family's name, as {@code model_type} spells it
 * @param beginToken the id that starts a text, if the model has one
 * @param endTokens ids after which nothing more is generated; often one, sometimes several
 */
public record ModelSpec(
        String family, Dimensions dimensions, Features features, OptionalInt beginToken, Set<Integer> endTokens) {

    public ModelSpec {
        endTokens = Collections.unmodifiableSet(new TreeSet<>(endTokens));
    }

    public int layers() {
        return dimensions.layers();
    }

    public int width() {
        return dimensions.width();
    }

    public int heads() {
        return dimensions.heads();
    }

    public int keyHeads() {
        return dimensions.keyHeads();
    }

    public int headDim() {
        return dimensions.headDim();
    }

    public int ffnWidth() {
        return dimensions.ffnWidth();
    }

    public int vocabulary() {
        return dimensions.vocabulary();
    }

    public int positions() {
        return dimensions.positions();
    }

    /** Whether projections join a token table of another width to the residual stream (opt-350m). */
    public boolean projectsEmbedding() {
        return dimensions.embedding() != dimensions.width();
    }

    /** Number of weights, with biases and norms, a tied head counted once. */
    public long parameters() {
        long sum = 0;
        for (Role role : Role.values()) {
            if (role == Role.HEAD || !role.belongsTo(this)) {
                continue;
            }
            sum += role.shape(this).elements() * (role.perLayer() ? layers() : 1);
        }
        return sum;
    }
}
