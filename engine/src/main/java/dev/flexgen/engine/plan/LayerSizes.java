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
