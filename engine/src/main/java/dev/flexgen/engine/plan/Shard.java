package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;

/**
 * A contiguous part of one layer: key-head groups of its attention or neurons of its feed-forward block. Its result is a
 * partial sum as wide as the residual stream, so shards join by addition.
 *
 * @param from first head group or neuron
 * @param to one past the last
 * @param tier where its weights lie
 * @param device index, in the engine's list, of the device that multiplies {@link Regime#MEMORY_BOUND few} tokens with it and that
 *     holds, and always attends over, the keys and values of its heads
 * @param prefillDevice index of the device that multiplies {@link Regime#COMPUTE_BOUND many} tokens with it: {@code device}, or 0
 */
public record Shard(int from, int to, Tier tier, int device, int prefillDevice) {

    public Shard {
        if (from < 0 || to <= from || device < 0) {
            throw new IllegalArgumentException("no shard can go from " + from + " to " + to + " on device " + device);
        }
        if (prefillDevice != device && prefillDevice != 0) {
            throw new IllegalArgumentException("device " + prefillDevice + " cannot help device " + device);
        }
        if (tier == Tier.GPU && prefillDevice != device) {
            throw new IllegalArgumentException("weights on GPU " + device + " are multiplied there");
        }
    }

    /** A shard that one device computes, however many tokens there are. */
    public Shard(int from, int to, Tier tier, int device) {
        this(from, to, tier, device, device);
    }

    public int size() {
        return to - from;
    }

    /** Index of the device that multiplies with its weights. */
    public int device(Regime regime) {
        return switch (regime) {
            case MEMORY_BOUND -> device;
            case COMPUTE_BOUND -> prefillDevice;
        };
    }
}
