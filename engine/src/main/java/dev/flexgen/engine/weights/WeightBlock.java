package dev.flexgen.engine.weights;

import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Shard;

/**
 * A shard's weights, wherever they are kept. Immutable.
 *
 * @param <V> the matrices
 */
public record WeightBlock<V>(BlockId id, Shard shard, BlockLayout<V> layout, WeightLocation location) {

    /** The matrices where they are kept, for a device that reads that memory. */
    public V inPlace() {
        if (location instanceof WeightLocation.Memory memory) {
            return layout.in(memory.block());
        }
        throw new IllegalStateException("weights in a file have no address: " + id);
    }
}
