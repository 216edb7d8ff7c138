package dev.flexgen.engine;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.exec.ModelRunner;
import dev.flexgen.engine.measure.BandwidthBenchmark;
import dev.flexgen.engine.memory.HostHeadroom;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Bandwidths;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.ModelSizes;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Planner;
import dev.flexgen.engine.plan.ThroughputEstimate;
import dev.flexgen.engine.tensor.DType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the plan for a model on opened devices, measuring the machine where the plan depends on it. Owned by the engine's thread. */
final class Planning {

    private final DeviceSet devices;
    private final Ledger ledger;
    private final ModelSizes sizes;
    private final EngineOptions options;
    private @Nullable Bandwidths rates;

    Planning(DeviceSet devices, Ledger ledger, ModelSizes sizes, EngineOptions options) {
        this.devices = devices;
        this.ledger = ledger;
        this.sizes = sizes;
        this.options = options;
    }

    /**
     * Sizes of a model as it would be opened.
     *
     * @throws EngineException of kind INPUT if it cannot have the context that the options ask for
     */
    static ModelSizes sizes(ModelSpec spec, DType weights, boolean ownHead, EngineOptions options) {
        int context = options.contextOf(spec);
        return new ModelSizes(
                spec, weights, ownHead, options.kv().resolve(weights), context, ModelRunner.maxStepTokens(context));
    }

    /** What may be used now, with what the devices take for themselves already in the ledger. */
    static Budget budget(Optional<Device> gpu, Ledger ledger, EngineOptions options) {
        long gpuBytes = gpu.isPresent() ? ledger.cap(Tier.GPU) - ledger.bytes(Tier.GPU) : 0;
        long hostBytes = Math.min(
                ledger.cap(Tier.HOST) - ledger.bytes(Tier.HOST),
                HostHeadroom.usableBytes(gpu.isPresent()).orElse(Long.MAX_VALUE));
        long unit = gpu.map(Device::allocationUnit).orElse(1L);
        return new Budget(gpuBytes, unit, hostBytes, options.limits().diskFolder() != null);
    }

    /** @throws EngineException of kind PLACEMENT if the model does not fit */
    Plan plan() {
        Planner planner = new Planner(sizes, budget());
        return devices.hasGpu() ? planner.forGpu(this::rates) : planner.forProcessor();
    }

    private Budget budget() {
        return budget(devices.gpu(), ledger, options);
    }

    private Bandwidths rates() {
        Bandwidths measured = rates;
        if (measured == null) {
            Budget budget = budget();
            measured =
                    BandwidthBenchmark.measure(devices.home(), devices.pool(), budget.gpuBytes(), budget.hostBytes());
            rates = measured;
        }
        return measured;
    }

    /** What the plan can reach, if making it has already measured all that it depends on. */
    Optional<ThroughputEstimate> known(Plan plan) {
        return rates == null ? Optional.empty() : prediction(plan);
    }

    /** What the plan can reach, measured now if need be; nothing for plans whose limit is not measured here. */
    Optional<ThroughputEstimate> prediction(Plan plan) {
        boolean disk = plan.tiers().contains(Tier.DISK);
        return devices.hasGpu() && !disk ? Optional.of(ThroughputEstimate.of(plan, sizes, rates())) : Optional.empty();
    }
}
