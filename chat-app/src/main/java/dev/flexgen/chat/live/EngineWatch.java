package dev.flexgen.chat.live;

import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.plan.StepCost;
import dev.flexgen.engine.plan.ThroughputEstimate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Watches an open model.
 *
 * @param model the caller's, open for as long as anybody watches
 */
public record EngineWatch(Model model) implements Watch {

    private static final String WEIGHTS = "weights";
    private static final String KV = "KV cache";

    @Override
    public Activity.Now now() {
        return model.machine().activity().now();
    }

    @Override
    public Placement placement() {
        Machine machine = model.machine();
        return new Placement(
                tiers(machine.ledger()),
                layers(model.plan()),
                machine.knownProfile()
                        .map(it -> new Placement.Speeds(
                                it.gpus().stream()
                                        .mapToDouble(gpu -> gpu.read())
                                        .max()
                                        .orElse(0),
                                it.gpus().stream()
                                        .mapToDouble(gpu -> gpu.bus().upload())
                                        .sum(),
                                it.host().read(),
                                it.diskRead().orElse(0.0)))
                        .orElse(Placement.UNKNOWN.speeds()),
                bound(),
                model.weightBytesPerToken());
    }

    @Override
    public Optional<StepCost> price(int context) {
        return model.knownPrice(context);
    }

    private String bound() {
        Plan plan = model.plan();
        if (plan.tiers().contains(Tier.DISK)) {
            return "disk";
        }
        return model.knownEstimate()
                .map(ThroughputEstimate::bound)
                .orElse(plan.tiers().contains(Tier.GPU) ? "" : "host memory");
    }

    private static List<Placement.Tier> tiers(Ledger ledger) {
        List<Placement.Tier> tiers = new ArrayList<>();
        for (Tier tier : Tier.values()) {
            Map<String, Long> owners = ledger.byOwner(tier);
            long all = owners.values().stream().mapToLong(Long::longValue).sum();
            long weights = owners.getOrDefault(WEIGHTS, 0L);
            long kv = owners.getOrDefault(KV, 0L);
            long cap = ledger.cap(tier);
            if (all > 0) {
                tiers.add(new Placement.Tier(
                        name(tier), weights, kv, all - weights - kv, cap == Long.MAX_VALUE ? 0 : cap));
            }
        }
        return tiers;
    }

    private static String name(Tier tier) {
        return tier == Tier.GPU ? "GPU" : tier.label();
    }

    private List<Placement.Layers> layers(Plan plan) {
        List<Placement.Layers> runs = new ArrayList<>();
        List<LayerPlan> all = plan.layers();
        int first = 0;
        for (int i = 1; i <= all.size(); i++) {
            if (i == all.size() || !all.get(i).equals(all.get(first))) {
                runs.add(new Placement.Layers(first, i - 1, sentence(all.get(first))));
                first = i;
            }
        }
        return runs;
    }

    private String sentence(LayerPlan layer) {
        return "attention " + shares(layer.heads()) + ", feed-forward " + shares(layer.up());
    }

    private String shares(List<Shard> shards) {
        int all = shards.stream().mapToInt(Shard::size).sum();
        return shards.stream()
                .map(shard -> (shards.size() == 1 ? "" : 100 * shard.size() / all + " % ") + worker(shard) + how(shard))
                .collect(Collectors.joining(" + "));
    }

    /** GPUs by the order in which they were chosen, where there are several. */
    private String worker(Shard shard) {
        int gpus = model.gpus();
        if (shard.device() >= gpus) {
            return "processor";
        }
        return gpus == 1 ? "GPU" : "GPU " + (shard.device() + 1);
    }

    private static String how(Shard shard) {
        return switch (shard.access()) {
            case RESIDENT -> "";
            case STREAMED -> " from " + name(shard.tier());
            case MAPPED -> " reading rows of " + name(shard.tier()) + " memory";
            case ON_DEMAND -> " reading active rows of " + name(shard.tier());
        };
    }
}
