package dev.flexgen.engine.weights;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.plan.Shard;
import java.util.List;

/**
 * A shard's weights, wherever they lie. Immutable.
 *
 * @param <V> the matrices
 */
public record WeightBlock<V>(Shard shard, BlockLayout<V> layout, WeightLocation source) {

    /**
     * Whether the device that multiplies with it reads it where it lies, instead of having it brought.
     *
     * @param tiers on which each device computes
     */
    public boolean inPlace(Regime regime, List<Tier> tiers) {
        return source instanceof WeightLocation.Memory memory && memory.tier() == tiers.get(shard.device(regime));
    }

    /** The matrices where they lie. */
    public V resident() {
        if (source instanceof WeightLocation.Memory memory) {
            return layout.in(memory.block());
        }
        throw new IllegalStateException("weights in a file have no address: " + shard);
    }
}
