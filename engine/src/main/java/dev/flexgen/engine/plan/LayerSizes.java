package dev.flexgen.engine.plan;

import dev.flexgen.engine.model.ModelSpec;

/**
 * The parts of a layer that plans divide, on average over the layers.
 *
 * @param heads key-head groups
 * @param neurons of the feed-forward block
 * @param headBytes weights of one key-head group
 * @param upBytes weights of one neuron in the first half
 * @param downBytes and in the second
 */
record LayerSizes(int heads, int neurons, long headBytes, long upBytes, long downBytes) {

    private static final int MOST_STEP = 64;
    private static final int LEAST_STEPS = 256;

    /** Those of a model, from the footprint of a plan with one shard for each component of a layer. */
    static LayerSizes of(ModelSpec spec, Footprint whole) {
        long heads = 0;
        long up = 0;
        long down = 0;
        for (int layer = 0; layer < spec.layers(); layer++) {
            heads += whole.blockBytes(new BlockId(layer, Component.HEADS, 0));
            up += whole.blockBytes(new BlockId(layer, Component.UP, 0));
            down += whole.blockBytes(new BlockId(layer, Component.DOWN, 0));
        }
        int layers = spec.layers();
        return new LayerSizes(
                spec.keyHeads(),
                spec.ffnWidth(),
                Math.max(1, heads / layers / spec.keyHeads()),
                Math.max(1, up / layers / spec.ffnWidth()),
                Math.max(1, down / layers / spec.ffnWidth()));
    }

    /**
     * Neurons that are placed together: products of many tokens are several times as fast where a shard's neurons fill the tiles of the
     * tensor cores. Small models have fewer, so that there is something to choose.
     */
    int neuronStep() {
        return Math.clamp(Integer.highestOneBit(Math.max(1, neurons / LEAST_STEPS)), 1, MOST_STEP);
    }

    /** The most neurons that are placed together and are no more than {@code count}; all {@code most} that there are, if so many. */
    int together(long count, int most) {
        return count >= most ? most : (int) Math.max(0, count / neuronStep() * neuronStep());
    }

    long neuronBytes() {
        return upBytes + downBytes;
    }

    /** A whole layer. */
    Cut all() {
        return new Cut(heads, neurons, neurons, this);
    }

    Cut none() {
        return new Cut(0, 0, 0, this);
    }
}
