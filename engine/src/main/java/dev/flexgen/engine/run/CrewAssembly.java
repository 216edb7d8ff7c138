package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.plan.Work;
import dev.flexgen.engine.run.HeadsLayout.Heads;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Puts a crew together for a plan: who needs how much memory for activations, and what has to be brought to whom.
 *
 * @param maxRows most tokens of a step
 */
record CrewAssembly(ModelSpec spec, Plan plan, List<Device> devices, int maxRows) {

    Crew assemble(ModelWeights weights) {
        Deque<AutoCloseable> made = new ArrayDeque<>();
        try {
            Station home = keep(made, station(0, weights));
            @Nullable Detour detour = null;
            if (plan.shards().anyMatch(CrewAssembly::isLent)) {
                detour =
                        keep(made, new Detour(devices.getFirst(), size(maxRows, CrewAssembly::isLent, shard -> false)));
            }
            List<Crew.Member> others = new ArrayList<>();
            for (int i = 1; i < devices.size(); i++) {
                Station station = keep(made, station(i, weights));
                Link link = keep(made, new Link(devices.getFirst(), devices.get(i), rows(i), spec.width()));
                others.add(new Crew.Member(station, link));
            }
            return new Crew(home, others, detour);
        } catch (Throwable e) {
            made.forEach(resource -> closeAfter(e, resource));
            throw e;
        }
    }

    private static <T extends AutoCloseable> T keep(Deque<AutoCloseable> made, T resource) {
        made.push(resource);
        return resource;
    }

    private static void closeAfter(Throwable failure, AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            failure.addSuppressed(e);
        }
    }

    private static boolean isLent(Shard shard) {
        return shard.bulkDevice() != shard.device();
    }

    /** Most rows that a device multiplies at a time. */
    int rows(int device) {
        boolean many = plan.shards().anyMatch(shard -> shard.device(Work.MANY) == device);
        return many ? maxRows : Math.min(maxRows, plan.manyTokens() - 1);
    }

    /** Activations of the shards that a device multiplies; it attends for its own alone. */
    ShardSpace.Size size(int device) {
        return size(rows(device), shard -> shard.device() == device, shard -> multiplies(shard, device));
    }

    private static boolean multiplies(Shard shard, int device) {
        return shard.device() == device || shard.bulkDevice() == device;
    }

    private ShardSpace.Size size(int rows, Predicate<Shard> heads, Predicate<Shard> neurons) {
        int keys = largest(plan.layers().stream().map(LayerPlan::heads), heads) * spec.headDim();
        int queries = keys * (spec.heads() / spec.keyHeads());
        return new ShardSpace.Size(
                rows, queries, keys, largest(plan.layers().stream().map(LayerPlan::neurons), neurons));
    }

    private static int largest(Stream<List<Shard>> shards, Predicate<Shard> which) {
        return shards.flatMap(List::stream)
                .filter(which)
                .mapToInt(Shard::size)
                .max()
                .orElse(0);
    }

    private Station station(int index, ModelWeights weights) {
        Device device = devices.get(index);
        List<Tier> tiers = devices.stream().map(Device::tier).toList();
        ShardSpace space = new ShardSpace(device, size(index));
        try {
            return new Station(index, device, space, feed(index, device, weights, tiers), tiers);
        } catch (Throwable e) {
            space.close();
            throw e;
        }
    }

    private @Nullable Feed feed(int index, Device device, ModelWeights weights, List<Tier> tiers) {
        Map<Work, List<BlockSource>> sequences = new EnumMap<>(Work.class);
        long slotBytes = 0;
        long stagingBytes = 0;
        for (Work work : Work.values()) {
            List<WeightBlock<?>> blocks = sequence(index, work, weights, tiers);
            for (WeightBlock<?> block : blocks) {
                slotBytes = Math.max(slotBytes, block.layout().bytes());
                if (Carrier.needsStaging(block.source())) {
                    stagingBytes = Math.max(stagingBytes, block.layout().bytes());
                }
            }
            sequences.put(
                    work, blocks.stream().<BlockSource>map(WeightBlock::source).toList());
        }
        if (slotBytes == 0) {
            return null;
        }
        Carrier carrier = new Carrier(device, stagingBytes);
        try {
            return new Feed(device, sequences, plan.ringSlots(), slotBytes, carrier);
        } catch (Throwable e) {
            closeAfter(e, carrier);
            throw e;
        }
    }

    /** What has to be brought to a device for a step, in the order in which it will be taken: see {@link AttentionShards}. */
    private static List<WeightBlock<?>> sequence(int index, Work work, ModelWeights weights, List<Tier> tiers) {
        List<WeightBlock<?>> sequence = new ArrayList<>();
        for (ModelWeights.Layer layer : weights.layers()) {
            Predicate<WeightBlock<?>> brought =
                    block -> block.shard().device(work) == index && !block.inPlace(work, tiers);
            Predicate<WeightBlock<Heads>> own = block -> block.shard().device() == index;
            layer.heads().stream().filter(brought).filter(own).forEach(sequence::add);
            layer.heads().stream().filter(brought).filter(own.negate()).forEach(sequence::add);
            layer.neurons().stream().filter(brought).forEach(sequence::add);
        }
        return sequence;
    }
}
