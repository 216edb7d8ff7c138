package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.Activation;

/**
 * What a family's block does beyond its sizes.
 *
 * @param normPlace where the block normalises
 * @param normEpsilon added to the variance
 * @param finalNorm whether the last block's output is normalised before the head
 * @param activation between the feed-forward projections
 * @param positionOffset row of the position table that belongs to the first token
 */
public record Features(
        NormPlace normPlace, float normEpsilon, boolean finalNorm, Activation activation, int positionOffset) {

    /** Where a block normalises. */
    public enum NormPlace {
        /** {@code x + f(norm(x))}. */
        BEFORE,
        /** {@code norm(x + f(x))}, the original transformer's order. */
        AFTER
    }
}
