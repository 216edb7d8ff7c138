package dev.flexgen.engine;

import dev.flexgen.engine.memory.AvailableMemory;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.ModelSizes;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Planner;
import dev.flexgen.engine.plan.Prediction;
import dev.flexgen.engine.plan.RateMeter;
import dev.flexgen.engine.plan.Rates;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the plan for a model on opened devices, measuring the machine where the plan depends on it. Owned by the engine's thread. */
final class Planning {

    private final DeviceSet devices;
    private final Ledger ledger;
    private final ModelSizes sizes;
    private final EngineOptions options;
    private @Nullable Rates rates;

    Planning(DeviceSet devices, Ledger ledger, ModelSizes sizes, EngineOptions options) {
        this.devices = devices;
        this.ledger = ledger;
        this.sizes = sizes;
        this.options = options;
    }

    /** @throws EngineException of kind PLACEMENT if the model does not fit */
    Plan plan() {
        Planner planner = new Planner(sizes, budget());
        return devices.hasGpu() ? planner.forGpu(this::rates) : planner.forProcessor();
    }

    private Budget budget() {
        long gpu = devices.hasGpu() ? gpuBytes() : 0;
        return new Budget(
                gpu,
                devices.home().allocationUnit(),
                hostBytes(),
                options.limits().diskFolder() != null);
    }

    private long hostBytes() {
        return Math.min(
                ledger.cap(Tier.HOST) - ledger.bytes(Tier.HOST),
                AvailableMemory.bytes().orElse(Long.MAX_VALUE));
    }

    private long gpuBytes() {
        return ledger.cap(Tier.GPU) - ledger.bytes(Tier.GPU);
    }

    private Rates rates() {
        Rates measured = rates;
        if (measured == null) {
            measured = RateMeter.measure(devices.home(), devices.pool(), gpuBytes(), hostBytes());
            rates = measured;
        }
        return measured;
    }

    /** What the plan can reach, if making it has already measured all that it depends on. */
    Optional<Prediction> known(Plan plan) {
        return rates == null ? Optional.empty() : prediction(plan);
    }

    /** What the plan can reach, measured now if need be; nothing for plans whose limit is not measured here. */
    Optional<Prediction> prediction(Plan plan) {
        boolean disk = plan.shards().anyMatch(shard -> shard.tier() == Tier.DISK);
        return devices.hasGpu() && !disk ? Optional.of(Prediction.of(plan, sizes, rates())) : Optional.empty();
    }
}
