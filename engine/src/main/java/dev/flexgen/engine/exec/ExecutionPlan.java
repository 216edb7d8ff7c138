package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.cache.KvLayout;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.EncodingSupport;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.PlanCheck;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.plan.Schedule;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.WeightLocation;
import dev.flexgen.engine.weights.WeightMemory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** A plan on devices: its schedules, and the memory that executing it takes. Checked. */
final class ExecutionPlan {

    private final ModelSpec spec;
    private final Plan plan;
    private final List<Device> devices;
    private final Map<Regime, Schedule> schedules = new EnumMap<>(Regime.class);
    private final int maxStepTokens;

    /** What executing needs beside the weights. */
    record Parts(TokenEmbedding embedding, OutputHead head, DeviceGroup group) {}

    /**
     * Unrolls a plan.
     *
     * @param maxStepTokens most tokens of a step
     * @throws dev.flexgen.engine.base.EngineException of kind INPUT if the plan is none for this model and these devices
     */
    ExecutionPlan(ModelSpec spec, Plan plan, List<Device> devices, int maxStepTokens) {
        this.spec = spec;
        this.plan = plan;
        this.devices = devices;
        this.maxStepTokens = maxStepTokens;
        List<Tier> tiers = devices.stream().map(Device::tier).toList();
        new PlanCheck(spec, tiers).check(plan);
        for (Regime regime : Regime.values()) {
            schedules.put(regime, Schedule.of(plan, regime, tiers));
        }
    }

    /** Most tokens of a step. */
    int maxStepTokens() {
        return maxStepTokens;
    }

    /** The schedule for a step of so many tokens. */
    Schedule schedule(int tokens) {
        return Objects.requireNonNull(schedules.get(plan.regime(tokens)));
    }

    /**
     * Takes memory.
     *
     * @param locations where the blocks of weights are, once loaded
     * @param activity is told what is moved
     * @param resources keep it
     */
    Parts take(
            WeightMemory weights, Function<BlockId, WeightLocation> locations, Activity activity, Resources resources) {
        Device embeds = devices.get(plan.embeddingDevice());
        TokenEmbedding embedding = resources.keep(new TokenEmbedding(embeds, spec, maxStepTokens));
        OutputHead head = resources.keep(new OutputHead(spec, plan, devices, maxStepTokens));
        DeviceGroupBuilder builder = new DeviceGroupBuilder(spec, plan, devices, schedules, maxStepTokens, activity);
        return new Parts(embedding, head, resources.keep(builder.build(weights, locations)));
    }

    /**
     * Which device holds the keys and values of which heads.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if one of them cannot attend over this encoding
     */
    KvLayout kvLayout(KvEncoding kv) {
        plan.layers().stream()
                .flatMap(layer -> layer.heads().stream())
                .map(shard -> devices.get(shard.device()))
                .distinct()
                .forEach(device -> {
                    EncodingSupport.require(device, Operation.APPEND, kv.open());
                    EncodingSupport.require(device, Operation.ATTEND, kv.open());
                    if (kv.sealed() != null) {
                        EncodingSupport.require(
                                device, Operation.SEAL, kv.sealed().encoding());
                        EncodingSupport.require(
                                device, Operation.ATTEND, kv.sealed().encoding());
                    }
                });
        List<List<KvLayout.Slot>> layers = new ArrayList<>();
        plan.layers()
                .forEach(layer -> layers.add(layer.heads().stream()
                        .map(shard -> new KvLayout.Slot(devices.get(shard.device()), shard.size()))
                        .toList()));
        return new KvLayout(kv, spec.headDim(), layers);
    }
}
