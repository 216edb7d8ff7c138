package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which heads and neurons of every layer lie on which tier and are computed by which device. What is not cut (embeddings,
 * norms, the head) belongs to device 0, the home of the residual stream.
 *
 * @param manyTokens from how many tokens on a step is {@link Regime#COMPUTE_BOUND}
 * @param ringSlots blocks of weights that are on their way to a device at a time, at least two
 */
public record Plan(List<LayerPlan> layers, int manyTokens, int ringSlots) {

    /** About where a processor's arithmetic takes as long as moving the weights. */
    public static final int MANY_TOKENS = 17;

    /** One in use, one arrived, two on their way. */
    public static final int RING_SLOTS = 4;

    public Plan {
        layers = List.copyOf(layers);
        if (manyTokens < 2 || ringSlots < 2) {
            throw new IllegalArgumentException("many is at least 2 tokens, a ring at least 2 slots");
        }
    }

    public Plan(List<LayerPlan> layers) {
        this(layers, MANY_TOKENS, RING_SLOTS);
    }

    /** The whole model in one piece a layer, on device 0. */
    public static Plan onOneDevice(ModelSpec spec, Tier tier) {
        LayerPlan layer = new LayerPlan(
                List.of(new Shard(0, spec.keyHeads(), tier, 0)), List.of(new Shard(0, spec.ffnWidth(), tier, 0)));
        return new Plan(Collections.nCopies(spec.layers(), layer));
    }

    /** What a step of so many tokens is. */
    public Regime regime(int tokens) {
        return tokens < manyTokens ? Regime.MEMORY_BOUND : Regime.COMPUTE_BOUND;
    }

    /** All shards of all layers. */
    public Stream<Shard> shards() {
        return layers.stream().flatMap(layer -> Stream.concat(layer.heads().stream(), layer.neurons().stream()));
    }

    /** Where shards lie. */
    public Set<Tier> tiers() {
        return shards().map(Shard::tier).collect(Collectors.toCollection(() -> EnumSet.noneOf(Tier.class)));
    }

    /**
     * Checks that the shards cover the model and that its devices are there.
     *
     * @param tiers on which each device computes
     * @throws IllegalArgumentException if heads, neurons or layers are left over, or a shard's device cannot compute it
     */
    public void check(ModelSpec spec, List<Tier> tiers) {
        if (layers.size() != spec.layers()) {
            throw new IllegalArgumentException("plan for " + layers.size() + " layers, model of " + spec.layers());
        }
        for (LayerPlan layer : layers) {
            if (layer.heads().getLast().to() != spec.keyHeads()
                    || layer.neurons().getLast().to() != spec.ffnWidth()) {
                throw new IllegalArgumentException("shards do not cover the layer: " + layer);
            }
        }
        shards().forEach(shard -> check(shard, tiers));
    }

    private static void check(Shard shard, List<Tier> tiers) {
        if (shard.device() >= tiers.size()) {
            throw new IllegalArgumentException("there is no device for " + shard);
        }
        Tier tier = tiers.get(shard.device());
        if (shard.tier() == Tier.GPU && tier != Tier.GPU) {
            throw new IllegalArgumentException("a processor cannot compute on GPU memory: " + shard);
        }
        if (shard.prefillDevice() != shard.device() && (tier != Tier.HOST || tiers.getFirst() != Tier.GPU)) {
            throw new IllegalArgumentException("only a GPU helps, and only a processor: " + shard);
        }
    }
}
