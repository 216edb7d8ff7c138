package dev.flexgen.engine.plan;

import java.util.List;

/**
 * How one layer is cut.
 *
 * @param heads shards of its attention, by key-head groups, in order and without gaps
 * @param neurons shards of its feed-forward block, likewise
 */
public record LayerPlan(List<Shard> heads, List<Shard> neurons) {

    public LayerPlan {
        heads = contiguous(heads);
        neurons = contiguous(neurons);
    }

    private static List<Shard> contiguous(List<Shard> shards) {
        int next = 0;
        for (Shard shard : shards) {
            if (shard.from() != next) {
                throw new IllegalArgumentException("a shard starts at " + shard.from() + " instead of " + next);
            }
            next = shard.to();
        }
        return List.copyOf(shards);
    }
}
