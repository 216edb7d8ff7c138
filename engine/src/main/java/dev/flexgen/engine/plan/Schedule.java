package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A plan unrolled for one {@link Regime}: who computes which blocks of weights, in which order. The executor walks it, and the
 * prefetchers read ahead in it, so both have the same order by construction. Immutable.
 *
 * @param layers from first to last
 * @param head the output head's entries, by device
 */
public record Schedule(Regime regime, List<Layer> layers, List<DeviceTasks> head) {

    /**
     * One use of one block.
     *
     * @param device that multiplies with it
     * @param attends device that holds the keys and values, for heads; else {@code device}
     * @param share of the experts that a token chooses in it: 1, unless another device computes the others
     */
    public record Entry(BlockId block, Shard shard, int device, int attends, Access access, double share) {

        /** Of all that is used of a block. */
        public Entry(BlockId block, Shard shard, int device, int attends, Access access) {
            this(block, shard, device, attends, access, 1);
        }

        /** Whether another device computes with the block too. */
        public boolean divided() {
            return share < 1;
        }
    }

    /** What one device does in one sublayer, in this order. */
    public record DeviceTasks(int device, List<Entry> entries) {}

    /**
     * One layer.
     *
     * @param home device of the residual stream
     * @param attention by device; GPUs, which work while others do, before the processor
     * @param feedForward likewise; fc1 and fc2 of a shard of neurons follow each other, experts come last
     */
    public record Layer(int index, int home, List<DeviceTasks> attention, List<DeviceTasks> feedForward) {

        /** Both halves. */
        Stream<DeviceTasks> tasks() {
            return Stream.concat(attention.stream(), feedForward.stream());
        }
    }

    /**
     * The schedule of a plan.
     *
     * @param tiers on which each device computes
     */
    public static Schedule of(Plan plan, Regime regime, List<Tier> tiers) {
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < plan.layers().size(); i++) {
            layers.add(layer(plan, i, regime, tiers));
        }
        return new Schedule(regime, layers, head(plan, regime, tiers));
    }

    /** One layer of it. */
    static Layer layer(Plan plan, int index, Regime regime, List<Tier> tiers) {
        LayerPlan layer = plan.layers().get(index);
        return new Layer(
                index,
                layer.home(),
                byDevice(attention(layer, index, regime, tiers), tiers),
                byDevice(feedForward(layer, index, regime, tiers), tiers));
    }

    /** The head's entries, by device. */
    static List<DeviceTasks> head(Plan plan, Regime regime, List<Tier> tiers) {
        List<Entry> head = new ArrayList<>();
        for (int j = 0; j < plan.head().size(); j++) {
            head.add(entry(
                    new BlockId(plan.layers().size(), Component.VOCABULARY, j),
                    plan.head().get(j),
                    regime,
                    tiers));
        }
        return byDevice(head, tiers);
    }

    private static List<Entry> attention(LayerPlan layer, int index, Regime regime, List<Tier> tiers) {
        List<Entry> own = new ArrayList<>();
        List<Entry> elsewhere = new ArrayList<>();
        for (int j = 0; j < layer.heads().size(); j++) {
            Entry entry =
                    entry(new BlockId(index, Component.HEADS, j), layer.heads().get(j), regime, tiers);
            (entry.attends() == entry.device() ? own : elsewhere).add(entry);
        }
        own.addAll(elsewhere);
        return own;
    }

    private static List<Entry> feedForward(LayerPlan layer, int index, Regime regime, List<Tier> tiers) {
        List<Entry> entries = new ArrayList<>();
        for (int j = 0; j < layer.up().size(); j++) {
            entries.add(entry(new BlockId(index, Component.UP, j), layer.up().get(j), regime, tiers));
            entries.add(
                    entry(new BlockId(index, Component.DOWN, j), layer.down().get(j), regime, tiers));
        }
        for (int j = 0; j < layer.experts().size(); j++) {
            BlockId id = new BlockId(index, Component.EXPERTS, j);
            addExperts(layer, entry(id, layer.experts().get(j), regime, tiers), regime, tiers, entries);
        }
        return entries;
    }

    /** Once, or for the processor and for the GPU that fetches a share. */
    private static void addExperts(LayerPlan layer, Entry own, Regime regime, List<Tier> tiers, List<Entry> entries) {
        double fetched = layer.fetchedShare();
        boolean shared = regime == Regime.MEMORY_BOUND
                && own.access() == Access.RESIDENT
                && tiers.get(own.device()) == Tier.HOST;
        if (!shared || fetched < 1) {
            entries.add(shared ? share(own, own.device(), own.access(), 1 - fetched) : own);
        }
        if (shared && fetched > 0) {
            entries.add(share(own, layer.home(), Access.ON_DEMAND, fetched));
        }
    }

    private static Entry share(Entry entry, int device, Access access, double share) {
        return new Entry(entry.block(), entry.shard(), device, device, access, share);
    }

    private static Entry entry(BlockId id, Shard shard, Regime regime, List<Tier> tiers) {
        int device = shard.device(regime);
        int attends = id.component() == Component.HEADS ? shard.device() : device;
        return new Entry(id, shard, device, attends, access(id, shard, regime, tiers.get(device)));
    }

    /** However many tokens there are, only the experts that some of them chose are read. */
    private static Access access(BlockId id, Shard shard, Regime regime, Tier tier) {
        Access access = shard.access(regime, tier);
        return id.component() == Component.EXPERTS && access == Access.STREAMED ? Access.ON_DEMAND : access;
    }

    private static List<DeviceTasks> byDevice(List<Entry> entries, List<Tier> tiers) {
        List<DeviceTasks> tasks = new ArrayList<>();
        for (boolean processor : new boolean[] {false, true}) {
            for (int i = 0; i < tiers.size(); i++) {
                int device = i;
                List<Entry> own = entries.stream()
                        .filter(entry -> entry.device() == device)
                        .toList();
                if (!own.isEmpty() && (tiers.get(i) == Tier.HOST) == processor) {
                    tasks.add(new DeviceTasks(i, own));
                }
            }
        }
        return List.copyOf(tasks);
    }

    /** Every use of a block, in order. */
    public Stream<Entry> entries() {
        Stream<DeviceTasks> ofLayers = layers.stream().flatMap(Layer::tasks);
        return Stream.concat(ofLayers, head.stream()).flatMap(tasks -> tasks.entries().stream());
    }

    /**
     * The blocks that have to be brought to a device, in order.
     *
     * @param withHead whether logits are wanted
     */
    public List<BlockId> streamed(int device, boolean withHead) {
        return entries()
                .filter(entry -> entry.device() == device && entry.access() == Access.STREAMED)
                .filter(entry -> withHead || entry.block().component() != Component.VOCABULARY)
                .map(Entry::block)
                .toList();
    }
}
