package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.transfer.WeightPrefetcher;
import dev.flexgen.engine.transfer.WeightUploader;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.WeightBlock;
import dev.flexgen.engine.weights.WeightLocation;
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
 * Puts a group together for a plan: who needs how much memory for activations, and what has to be brought to whom.
 *
 * @param maxRows most tokens of a step
 */
record DeviceGroupBuilder(ModelSpec spec, Plan plan, List<Device> devices, int maxRows) {

    DeviceGroup assemble(ModelWeights weights) {
        Deque<AutoCloseable> made = new ArrayDeque<>();
        try {
            Worker home = keep(made, worker(0, weights));
            @Nullable HostAttention hostAttention = null;
            if (plan.shards().anyMatch(DeviceGroupBuilder::isLent)) {
                hostAttention = keep(
                        made,
                        new HostAttention(
                                devices.getFirst(), size(maxRows, DeviceGroupBuilder::isLent, shard -> false)));
            }
            List<DeviceGroup.Member> others = new ArrayList<>();
            for (int i = 1; i < devices.size(); i++) {
                Worker worker = keep(made, worker(i, weights));
                PartialSums partialSums =
                        keep(made, new PartialSums(devices.getFirst(), devices.get(i), rows(i), spec.width()));
                others.add(new DeviceGroup.Member(worker, partialSums));
            }
            return new DeviceGroup(home, others, hostAttention);
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
        return shard.prefillDevice() != shard.device();
    }

    /** Most rows that a device multiplies at a time. */
    int rows(int device) {
        boolean many = plan.shards().anyMatch(shard -> shard.device(Regime.COMPUTE_BOUND) == device);
        return many ? maxRows : Math.min(maxRows, plan.manyTokens() - 1);
    }

    /** Activations of the shards that a device multiplies; it attends for its own alone. */
    ShardActivations.Size size(int device) {
        return size(rows(device), shard -> shard.device() == device, shard -> multiplies(shard, device));
    }

    private static boolean multiplies(Shard shard, int device) {
        return shard.device() == device || shard.prefillDevice() == device;
    }

    private ShardActivations.Size size(int rows, Predicate<Shard> heads, Predicate<Shard> neurons) {
        int keys = largest(plan.layers().stream().map(LayerPlan::heads), heads) * spec.headDim();
        int queries = keys * (spec.heads() / spec.keyHeads());
        return new ShardActivations.Size(
                rows, queries, keys, largest(plan.layers().stream().map(LayerPlan::neurons), neurons));
    }

    private static int largest(Stream<List<Shard>> shards, Predicate<Shard> which) {
        return shards.flatMap(List::stream)
                .filter(which)
                .mapToInt(Shard::size)
                .max()
                .orElse(0);
    }

    private Worker worker(int index, ModelWeights weights) {
        Device device = devices.get(index);
        List<Tier> tiers = devices.stream().map(Device::tier).toList();
        ShardActivations space = new ShardActivations(device, size(index));
        try {
            return new Worker(index, device, space, feed(index, device, weights, tiers), tiers);
        } catch (Throwable e) {
            space.close();
            throw e;
        }
    }

    private @Nullable WeightPrefetcher feed(int index, Device device, ModelWeights weights, List<Tier> tiers) {
        Map<Regime, List<WeightLocation>> sequences = new EnumMap<>(Regime.class);
        long slotBytes = 0;
        long stagingBytes = 0;
        for (Regime regime : Regime.values()) {
            List<WeightBlock<?>> blocks = sequence(index, regime, weights, tiers);
            for (WeightBlock<?> block : blocks) {
                slotBytes = Math.max(slotBytes, block.layout().bytes());
                if (WeightUploader.needsStaging(block.source())) {
                    stagingBytes = Math.max(stagingBytes, block.layout().bytes());
                }
            }
            sequences.put(
                    regime,
                    blocks.stream().<WeightLocation>map(WeightBlock::source).toList());
        }
        if (slotBytes == 0) {
            return null;
        }
        WeightUploader carrier = new WeightUploader(device, stagingBytes);
        try {
            return new WeightPrefetcher(device, sequences, plan.ringSlots(), slotBytes, carrier);
        } catch (Throwable e) {
            closeAfter(e, carrier);
            throw e;
        }
    }

    /** What has to be brought to a device for a step, in the order in which it will be taken: see {@link AttentionSublayer}. */
    private static List<WeightBlock<?>> sequence(int index, Regime regime, ModelWeights weights, List<Tier> tiers) {
        List<WeightBlock<?>> sequence = new ArrayList<>();
        for (ModelWeights.Layer layer : weights.layers()) {
            Predicate<WeightBlock<?>> brought =
                    block -> block.shard().device(regime) == index && !block.inPlace(regime, tiers);
            Predicate<WeightBlock<Heads>> own = block -> block.shard().device() == index;
            layer.heads().stream().filter(brought).filter(own).forEach(sequence::add);
            layer.heads().stream().filter(brought).filter(own.negate()).forEach(sequence::add);
            layer.neurons().stream().filter(brought).forEach(sequence::add);
        }
        return sequence;
    }
}
