package dev.flexgen.engine.run;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.plan.Work;
import java.util.List;

/**
 * A shard's weights, wherever they lie. Immutable.
 *
 * @param <V> the matrices
 */
record WeightBlock<V>(Shard shard, BlockLayout<V> layout, BlockSource source) {

    /**
     * Whether the device that multiplies with it reads it where it lies, instead of having it brought.
     *
     * @param tiers on which each device computes
     */
    boolean inPlace(Work work, List<Tier> tiers) {
        return source instanceof BlockSource.Memory memory && memory.tier() == tiers.get(shard.device(work));
    }

    /** The matrices where they lie. */
    V resident() {
        if (source instanceof BlockSource.Memory memory) {
            return layout.in(memory.block());
        }
        throw new IllegalStateException("weights in a file have no address: " + shard);
    }
}
