package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;

/**
 * A contiguous part of one layer: key-head groups of its attention or neurons of its feed-forward block. Its result is a
 * partial sum as wide as the residual stream, so shards join by addition.
 *
 * @param from first head group or neuron
 * @param to one past the last
 * @param tier where its weights lie
 * @param device index of the device that computes it, in the engine's list
 */
public record Shard(int from, int to, Tier tier, int device) {

    public Shard {
        if (from < 0 || to <= from || device < 0) {
            throw new IllegalArgumentException("no shard can go from " + from + " to " + to + " on device " + device);
        }
    }

    public int size() {
        return to - from;
    }
}
