package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.LayerStack;
import dev.flexgen.engine.model.ModelSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where every part of a model is kept, and which device computes with it.
 *
 * @param embeddingDevice index of the device that holds the token and position tables and looks tokens up
 * @param layers from first to last
 * @param head shards of the output head, in order and without gaps
 * @param computeBoundTokens from how many tokens on a step is {@link Regime#COMPUTE_BOUND}
 * @param ringSlots blocks of weights that are on their way to a device at a time, at least two
 */
public record Plan(
        int embeddingDevice, List<LayerPlan> layers, List<Shard> head, int computeBoundTokens, int ringSlots) {

    /** About where a processor's arithmetic takes as long as moving the weights. */
    public static final int COMPUTE_BOUND_TOKENS = 17;
    /**
     * One in use, the others arrived or on their way: enough for the bus to work on while the processor computes its part of an
     * attention sublayer. Four were 89 % of the limit of opt-30b in 16 GiB, eight 96 % (docs/BENCHMARKS.md).
     */
    public static final int RING_SLOTS = 8;

    public Plan {
        layers = List.copyOf(layers);
        head = LayerPlan.contiguous(head);
        if (computeBoundTokens < 2 || ringSlots < 2) {
            throw new IllegalArgumentException("many is at least 2 tokens, a ring at least 2 slots");
        }
        for (Shard shard : head) {
            if (shard.access() == Access.MAPPED || shard.access() == Access.ON_DEMAND) {
                throw new IllegalArgumentException("logits need all rows of the head: " + shard);
            }
        }
    }

    /** The whole model in one piece a layer, in the memory of one device. */
    public static Plan onOneDevice(ModelSpec spec, Tier tier, int device) {
        return onDevices(spec, tier, Collections.nCopies(spec.layers(), device));
    }

    /** The same with a device for each layer; tables and head are where the last layer is. */
    static Plan onDevices(ModelSpec spec, Tier tier, List<Integer> devices) {
        List<LayerPlan> layers = new ArrayList<>();
        for (LayerStack.Run run : spec.stack().runs()) {
            Map<Integer, LayerPlan> kinds = new HashMap<>();
            int first = layers.size();
            devices.subList(first, first + run.layers())
                    .forEach(device -> layers.add(kinds.computeIfAbsent(
                            device, it -> whole(spec, run.block().feedForward(), tier, it))));
        }
        int last = devices.getLast();
        List<Shard> head = whole(spec.vocabulary(), tier, last);
        return new Plan(last, layers, head, COMPUTE_BOUND_TOKENS, RING_SLOTS);
    }

    private static LayerPlan whole(ModelSpec spec, FeedForwardSpec network, Tier tier, int device) {
        List<Shard> neurons = whole(network.neurons(), tier, device);
        List<Shard> experts = whole(network.experts(), tier, device);
        return new LayerPlan(device, whole(spec.keyHeads(), tier, device), neurons, neurons, experts);
    }

    private static List<Shard> whole(int size, Tier tier, int device) {
        return size == 0 ? List.of() : List.of(new Shard(0, size, tier, device, Access.RESIDENT));
    }

    /** What a step of so many tokens is. */
    public Regime regime(int tokens) {
        return tokens < computeBoundTokens ? Regime.MEMORY_BOUND : Regime.COMPUTE_BOUND;
    }

    /** Index of the device where the residual stream is after the last layer. */
    public int headHome() {
        return layers.getLast().home();
    }

    /** Whether a device multiplies with any of the weights. */
    public boolean computes(int device) {
        return shards().anyMatch(shard -> shard.device() == device || shard.prefillDevice() == device);
    }

    /** Visits every shard with its name: layer by layer, then the head. */
    public void forEach(BiConsumer<BlockId, Shard> visitor) {
        for (int i = 0; i < layers.size(); i++) {
            for (Component component : Component.values()) {
                List<Shard> shards = layers.get(i).shards(component);
                for (int j = 0; j < shards.size(); j++) {
                    visitor.accept(new BlockId(i, component, j), shards.get(j));
                }
            }
        }
        for (int j = 0; j < head.size(); j++) {
            visitor.accept(new BlockId(layers.size(), Component.VOCABULARY, j), head.get(j));
        }
    }

    /** All shards of all layers and of the head. */
    public Stream<Shard> shards() {
        Stream<Shard> ofLayers = layers.stream()
                .flatMap(layer -> Stream.of(Component.values()).flatMap(component -> layer.shards(component).stream()));
        return Stream.concat(ofLayers, head.stream());
    }

    /** Where shards are kept. */
    public Set<Tier> tiers() {
        return shards().map(Shard::tier).collect(Collectors.toCollection(() -> EnumSet.noneOf(Tier.class)));
    }
}
