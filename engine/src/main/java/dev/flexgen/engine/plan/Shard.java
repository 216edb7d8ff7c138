package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;

/**
 * A contiguous part of one {@link Component} of a layer: key-head groups, neurons or rows of the vocabulary. The result of one
 * of heads or neurons is a partial sum as wide as the residual stream, so shards join by addition; those of the vocabulary lie
 * beside each other.
 *
 * @param from first head group, neuron or row
 * @param to one past the last
 * @param tier where its weights are kept
 * @param device index, in the machine's list, of the device that multiplies with it in {@link Regime#MEMORY_BOUND} steps and that
 *     holds, and always attends over, the keys and values of its heads
 * @param prefillDevice index of the device that multiplies with it in {@link Regime#COMPUTE_BOUND} steps
 * @param access how {@code device} gets at the weights in memory-bound steps
 */
public record Shard(int from, int to, Tier tier, int device, int prefillDevice, Access access) {

    public Shard {
        if (from < 0 || to <= from || device < 0 || prefillDevice < 0) {
            throw new IllegalArgumentException(
                    "no shard can go from " + from + " to " + to + " on device " + device + " and " + prefillDevice);
        }
        if (tier == Tier.GPU && (prefillDevice != device || access != Access.RESIDENT)) {
            throw new IllegalArgumentException("weights on GPU " + device + " are multiplied there");
        }
        boolean possible = switch (access) {
            case RESIDENT -> tier != Tier.DISK;
            case STREAMED, ON_DEMAND -> tier != Tier.GPU;
            case MAPPED -> tier == Tier.HOST;
        };
        if (!possible) {
            throw new IllegalArgumentException("weights on " + tier + " cannot be " + access);
        }
    }

    /** A shard that one device computes, however many tokens there are. */
    public Shard(int from, int to, Tier tier, int device, Access access) {
        this(from, to, tier, device, device, access);
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

    /**
     * How the device of this regime gets at the weights: many tokens want every row, so then there is no reading of some.
     *
     * @param deviceTier on which that device computes
     */
    public Access access(Regime regime, Tier deviceTier) {
        if (regime == Regime.MEMORY_BOUND) {
            return access;
        }
        return tier == deviceTier ? Access.RESIDENT : Access.STREAMED;
    }
}
