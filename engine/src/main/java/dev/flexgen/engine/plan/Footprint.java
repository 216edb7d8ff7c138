package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a plan takes, to the byte: weights, activations, rings and buffers, and the keys and values of one conversation of full
 * length. A dry run of loading gives it.
 *
 * @param held on each tier when the model is open, by owner as the ledger names them
 * @param gpuPeaks for each device of the machine the most that is held on it at a time, loading included; 0 for the processor
 * @param hostPeak the most that is held in host memory at a time, loading included
 * @param blocks bytes of each shard's weights that a token reads, every neuron active: of experts those that it chooses on average
 */
public record Footprint(
        Map<Tier, Map<String, Long>> held, List<Long> gpuPeaks, long hostPeak, Map<BlockId, Long> blocks) {

    /** Makes footprints of plans for one model and machine. */
    @FunctionalInterface
    public interface Meter {
        /**
         * Counts.
         *
         * @throws dev.flexgen.engine.base.EngineException of kind INPUT if the plan is none for this model and machine
         */
        Footprint of(Plan plan);

        /** About what {@link #gpuPeaks} would be, if that can be had faster. */
        default List<Long> gpuPeaksAbout(Plan plan) {
            return of(plan).gpuPeaks();
        }
    }

    public Footprint {
        held = Map.copyOf(held);
        gpuPeaks = List.copyOf(gpuPeaks);
        blocks = Collections.unmodifiableMap(new HashMap<>(blocks)); // quicker than an immutable copy of so many
    }

    /** Bytes on a tier when the model is open. */
    public long bytes(Tier tier) {
        return held.getOrDefault(tier, Map.of()).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** Weights, and keys and values, on all tiers together. */
    public long modelBytes() {
        return held.values().stream()
                .mapToLong(owners -> owners.getOrDefault("weights", 0L) + owners.getOrDefault("KV cache", 0L))
                .sum();
    }

    /** Weights that a decoded token reads, every neuron active. */
    public long bytesPerToken() {
        return blocks.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Bytes of a shard's weights that a token reads. */
    public long blockBytes(BlockId id) {
        Long bytes = blocks.get(id);
        if (bytes == null) {
            throw new IllegalArgumentException("no such block in the plan: " + id);
        }
        return bytes;
    }
}
