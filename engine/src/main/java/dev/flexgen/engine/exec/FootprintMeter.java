package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvLayout;
import dev.flexgen.engine.cache.KvStaging;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.SizingDevice;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FirstLayers;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.DeviceShape;
import dev.flexgen.engine.plan.Footprint;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Workload;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.WeightEncodings;
import dev.flexgen.engine.weights.WeightMemory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts what plans take by a dry run: makes everything that loading and executing would make, on devices that take no memory. So
 * there is no second description of what is allocated.
 *
 * @param encodings of the model's matrices
 * @param devices of the machine, in the order that plans mean
 * @param kv encoding of caches
 * @param workload for which there is room
 */
public record FootprintMeter(WeightEncodings encodings, List<DeviceShape> devices, KvEncoding kv, Workload workload)
        implements Footprint.Meter {

    /** Pages of the KV cache hold so many layers. */
    private static final int FEW_LAYERS = 4;

    /** With fewer there is nothing to gain. */
    private static final int MANY_LAYERS = 16;

    @Override
    public Footprint of(Plan plan) {
        List<Ledger> ledgers = new ArrayList<>();
        List<Device> sizing = new ArrayList<>();
        for (DeviceShape device : devices) {
            Ledger ledger = new Ledger();
            ledgers.add(ledger);
            sizing.add(new SizingDevice(device.tier(), device.policy(), ledger));
        }
        try (Resources resources = new Resources()) {
            ExecutionPlan execution = new ExecutionPlan(encodings.spec(), plan, sizing, workload.stepTokens());
            WeightMemory weights = new WeightMemory(encodings, plan, sizing, resources);
            long loadingPeak = load(weights, sizing, ledgers);
            execution.take(
                    weights,
                    id -> {
                        throw new IllegalStateException("a dry run has no weights: " + id);
                    },
                    new Activity(),
                    resources);
            KvLayout layout = execution.kvLayout(kv);
            resources.keep(new KvStaging(layout, execution.maxStepTokens()));
            for (int i = 0; i < workload.sequences(); i++) {
                KvCache.takeRoom(layout, workload.context(), resources);
            }
            return footprint(plan, weights, ledgers, loadingPeak);
        }
    }

    /** Many layers that are cut alike and at home on one device take for each four of them what they take for the second four. */
    @Override
    public List<Long> gpuPeaksAbout(Plan plan) {
        Map<LayerPlan, Integer> kinds = new HashMap<>();
        plan.layers().forEach(layer -> kinds.merge(layer, 1, Integer::sum));
        boolean alike = encodings.spec().stack().runs().size() == 1
                && kinds.keySet().stream().map(LayerPlan::home).distinct().count() == kinds.size();
        if (!alike || kinds.values().stream().anyMatch(layers -> layers < MANY_LAYERS)) {
            return of(plan).gpuPeaks();
        }
        List<Long> few = ofFew(FEW_LAYERS, plan);
        List<Long> more = ofFew(2 * FEW_LAYERS, plan);
        List<Long> all = new ArrayList<>(few);
        kinds.forEach((layer, layers) -> {
            double times = (double) (layers - FEW_LAYERS) / FEW_LAYERS;
            int home = layer.home();
            all.set(home, few.get(home) + Math.round(times * (more.get(home) - few.get(home))));
        });
        return all;
    }

    /** With so many layers of each kind. */
    private List<Long> ofFew(int layers, Plan plan) {
        Map<LayerPlan, Integer> taken = new HashMap<>();
        List<LayerPlan> kept = plan.layers().stream()
                .filter(layer -> taken.merge(layer, 1, Integer::sum) <= layers)
                .toList();
        WeightEncodings first =
                new WeightEncodings(new FirstLayers(encodings.stored(), kept.size()), encodings.chosen());
        Plan start = new Plan(plan.embeddingDevice(), kept, plan.head(), plan.computeBoundTokens(), plan.ringSlots());
        return new FootprintMeter(first, devices, kv, workload).of(start).gpuPeaks();
    }

    /** The most that is held in host memory while loading. */
    private static long load(WeightMemory weights, List<Device> devices, List<Ledger> ledgers) {
        List<Buffer> staging = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
            if (weights.stagingBytes(i) > 0) {
                staging.add(devices.get(i).allocateHost("loading", weights.stagingBytes(i)));
            }
        }
        long held = host(ledgers);
        staging.forEach(Buffer::close);
        weights.loaded();
        return held;
    }

    private static long host(List<Ledger> ledgers) {
        return ledgers.stream().mapToLong(ledger -> ledger.bytes(Tier.HOST)).sum();
    }

    private static Footprint footprint(Plan plan, WeightMemory weights, List<Ledger> ledgers, long loadingPeak) {
        Map<Tier, Map<String, Long>> held = new EnumMap<>(Tier.class);
        for (Tier tier : Tier.values()) {
            Map<String, Long> owners = new HashMap<>();
            ledgers.forEach(
                    ledger -> ledger.byOwner(tier).forEach((owner, bytes) -> owners.merge(owner, bytes, Long::sum)));
            held.put(tier, owners);
        }
        if (weights.fileBytes() > 0) {
            held.put(Tier.DISK, Map.of("weights", weights.fileBytes()));
        }
        Map<BlockId, Long> blocks = new HashMap<>();
        plan.forEach((id, shard) -> blocks.put(id, weights.readBytes(id)));
        List<Long> gpuPeaks =
                ledgers.stream().map(ledger -> ledger.peak(Tier.GPU)).toList();
        return new Footprint(held, gpuPeaks, Math.max(loadingPeak, host(ledgers)), blocks);
    }
}
