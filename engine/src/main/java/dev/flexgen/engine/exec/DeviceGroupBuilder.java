package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.plan.Schedule;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.transfer.ActiveRows;
import dev.flexgen.engine.transfer.ExpertFetcher;
import dev.flexgen.engine.transfer.WeightPrefetcher;
import dev.flexgen.engine.transfer.WeightUploader;
import dev.flexgen.engine.weights.WeightLocation;
import dev.flexgen.engine.weights.WeightMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Puts a device group together for a plan: who needs how much memory for activations, and what has to be brought to whom.
 * Allocates, and starts nothing, so that it also serves to count what a plan would take.
 *
 * @param stepRows most tokens of a step
 */
record DeviceGroupBuilder(
        ModelSpec spec,
        Plan plan,
        List<Device> devices,
        Map<Regime, Schedule> schedules,
        int stepRows,
        Activity activity) {

    /**
     * Builds.
     *
     * @param memory of the weights, taken
     * @param locations where the blocks of weights are, once loaded
     */
    DeviceGroup build(WeightMemory memory, Function<BlockId, WeightLocation> locations) {
        Resources made = new Resources();
        try {
            Map<Integer, HomeActivations> homes = new LinkedHashMap<>();
            for (int home : homes()) {
                homes.put(
                        home, made.keep(new HomeActivations(devices.get(home), stepRows, spec.width(), routed(home))));
            }
            Map<DeviceGroup.Way, PartialSums> ways = new LinkedHashMap<>();
            wayRows()
                    .forEach((way, rows) -> ways.put(
                            way,
                            made.keep(new PartialSums(
                                    devices.get(way.home()), devices.get(way.worker()), rows, widestRow()))));
            List<Worker> workers = new ArrayList<>();
            for (int i = 0; i < devices.size(); i++) {
                workers.add(made.keep(worker(i, memory, locations)));
            }
            return new DeviceGroup(workers, homes, ways);
        } catch (Throwable e) {
            made.close();
            throw e;
        }
    }

    /** The most experts of a layer at home there. */
    private int routed(int home) {
        int most = 0;
        for (int i = 0; i < plan.layers().size(); i++) {
            if (plan.layers().get(i).home() == home) {
                most = Math.max(most, spec.block(i).feedForward().experts());
            }
        }
        return most;
    }

    private int widestRow() {
        return Math.max(spec.width(), spec.dimensions().embedding());
    }

    private List<Integer> homes() {
        return Stream.concat(
                        Stream.of(plan.embeddingDevice()),
                        plan.layers().stream().map(LayerPlan::home))
                .distinct()
                .toList();
    }

    /** Most rows that pass between a home and another device. */
    private Map<DeviceGroup.Way, Integer> wayRows() {
        Map<DeviceGroup.Way, Integer> rows = new LinkedHashMap<>();
        int before = plan.embeddingDevice();
        for (LayerPlan layer : plan.layers()) {
            way(rows, before, layer.home(), stepRows);
            before = layer.home();
        }
        for (Schedule schedule : schedules.values()) {
            for (Schedule.Layer layer : schedule.layers()) {
                Stream.concat(layer.attention().stream(), layer.feedForward().stream())
                        .forEach(tasks -> way(rows, layer.home(), tasks.device(), rows(schedule)));
            }
            for (DeviceTasks tasks : schedule.head()) {
                way(rows, plan.headHome(), tasks.device(), Math.min(rows(schedule), OutputHead.ROWS));
            }
        }
        return rows;
    }

    private static void way(Map<DeviceGroup.Way, Integer> rows, int home, int worker, int count) {
        if (home != worker) {
            rows.merge(new DeviceGroup.Way(home, worker), count, Math::max);
        }
    }

    /** Most rows of a step of a schedule's regime. */
    private int rows(Schedule schedule) {
        return schedule.regime() == Regime.COMPUTE_BOUND ? stepRows : Math.min(stepRows, plan.computeBoundTokens() - 1);
    }

    private Worker worker(int index, WeightMemory memory, Function<BlockId, WeightLocation> locations) {
        Device device = devices.get(index);
        Resources made = new Resources();
        try {
            ShardActivations activations = made.keep(new ShardActivations(device, activations(index)));
            @Nullable
            HostAttention hostAttention = lends(index)
                    ? made.keep(new HostAttention(device, size(index, entry -> entry.attends() != index)))
                    : null;
            @Nullable ActiveRows activeRows = activeRows(index, memory);
            if (activeRows != null) {
                made.keep(activeRows);
            }
            @Nullable ExpertFetcher experts = experts(index, memory);
            if (experts != null) {
                made.keep(experts);
            }
            @Nullable WeightPrefetcher prefetcher = prefetcher(index, memory, locations);
            return new Worker(index, device, activations, prefetcher, activeRows, experts, hostAttention);
        } catch (Throwable e) {
            made.close();
            throw e;
        }
    }

    private boolean lends(int index) {
        return entries(index).anyMatch(entry -> entry.attends() != index);
    }

    private Stream<Entry> entries(int index) {
        return schedules.values().stream().flatMap(Schedule::entries).filter(entry -> entry.device() == index);
    }

    private ShardActivations.Size activations(int index) {
        return size(index, entry -> entry.attends() == index);
    }

    /** Room for the largest of a device's shards, in the regime that needs most. */
    private ShardActivations.Size size(int index, Predicate<Entry> which) {
        int rows = 0;
        int keys = 0;
        int neurons = 0;
        int gathered = 0;
        for (Schedule schedule : schedules.values()) {
            for (Entry entry : (Iterable<Entry>)
                    schedule.entries().filter(entry -> entry.device() == index && which.test(entry))::iterator) {
                Component component = entry.block().component();
                if (component == Component.HEADS) {
                    rows = Math.max(rows, rows(schedule));
                    keys = Math.max(keys, entry.shard().size() * spec.headDim());
                } else if (component == Component.UP) {
                    rows = Math.max(rows, rows(schedule));
                    neurons = Math.max(neurons, entry.shard().size());
                } else if (component == Component.EXPERTS) {
                    rows = Math.max(rows, rows(schedule));
                    FeedForwardSpec experts = spec.block(entry.block().layer()).feedForward();
                    neurons = Math.max(neurons, experts.width());
                    gathered = spec.width();
                }
            }
        }
        int gates = spec.block(0).feedForward() instanceof FeedForwardSpec.Plain ? 0 : neurons;
        return new ShardActivations.Size(rows, keys * (spec.heads() / spec.keyHeads()), keys, neurons, gates, gathered);
    }

    private @Nullable ActiveRows activeRows(int index, WeightMemory memory) {
        long blockBytes = 0;
        int neurons = 0;
        for (Entry entry : (Iterable<Entry>) entries(index)
                .filter(it -> it.access() == Access.ON_DEMAND && it.block().component() == Component.DOWN)::iterator) {
            blockBytes = Math.max(blockBytes, memory.bytes(entry.block()));
            neurons = Math.max(neurons, entry.shard().size());
        }
        return blockBytes == 0
                ? null
                : new ActiveRows(
                        devices.get(index),
                        blockBytes,
                        Math.min(stepRows, plan.computeBoundTokens() - 1),
                        neurons,
                        activity);
    }

    private @Nullable ExpertFetcher experts(int index, WeightMemory memory) {
        long slotBytes = 0;
        long stagingBytes = 0;
        for (Entry entry : (Iterable<Entry>)
                entries(index)
                                .filter(it -> it.access() == Access.ON_DEMAND
                                        && it.block().component() == Component.EXPERTS)::iterator) {
            long bytes = memory.bytes(entry.block()) / entry.shard().size();
            slotBytes = Math.max(slotBytes, bytes);
            if (entry.shard().tier() == Tier.DISK || !memory.isPageLocked(entry.block())) {
                stagingBytes = Math.max(stagingBytes, bytes);
            }
        }
        if (slotBytes == 0) {
            return null;
        }
        WeightUploader uploader = new WeightUploader(devices.get(index), stagingBytes, activity);
        try {
            return new ExpertFetcher(devices.get(index), slotBytes, uploader);
        } catch (Throwable e) {
            uploader.close();
            throw e;
        }
    }

    private @Nullable WeightPrefetcher prefetcher(
            int index, WeightMemory memory, Function<BlockId, WeightLocation> locations) {
        long slotBytes = 0;
        long stagingBytes = 0;
        Map<BlockId, Shard> streamed = new HashMap<>();
        entries(index)
                .filter(entry -> entry.access() == Access.STREAMED)
                .forEach(entry -> streamed.put(entry.block(), entry.shard()));
        for (Map.Entry<BlockId, Shard> block : streamed.entrySet()) {
            long bytes = memory.bytes(block.getKey());
            slotBytes = Math.max(slotBytes, bytes);
            if (block.getValue().tier() == Tier.DISK || !memory.isPageLocked(block.getKey())) {
                stagingBytes = Math.max(stagingBytes, bytes);
            }
        }
        if (slotBytes == 0) {
            return null;
        }
        WeightUploader uploader = new WeightUploader(devices.get(index), stagingBytes, activity);
        try {
            return new WeightPrefetcher(devices.get(index), locations, plan.ringSlots(), slotBytes, uploader);
        } catch (Throwable e) {
            uploader.close();
            throw e;
        }
    }
}
