package dev.flexgen.engine;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.CostModel;
import dev.flexgen.engine.plan.Footprint;
import dev.flexgen.engine.plan.ModelShape;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.StepCost;
import dev.flexgen.engine.plan.ThroughputEstimate;
import dev.flexgen.engine.plan.Workload;
import java.util.Optional;
import java.util.Set;

/** What to expect of a model before it is opened. */
public sealed interface FitResult {

    /**
     * It would be opened.
     *
     * @param plan with which
     * @param footprint what that takes
     * @param workload for which there would be room
     * @param weights encoding
     * @param shape what prices depend on
     * @param prices what steps would cost; empty where the machine was not measured
     */
    record Fits(
            Plan plan,
            Footprint footprint,
            Workload workload,
            WeightType weights,
            ModelShape shape,
            Optional<CostModel> prices)
            implements FitResult {

        /** Most tokens of a conversation. */
        public int context() {
            return workload.context();
        }

        /** What the job for which it was planned would cost; empty where the machine was not measured. */
        public Optional<StepCost> job() {
            return prices.map(it -> workload.cost(it, plan, footprint));
        }

        /** Where its weights would lie. */
        public Set<Tier> tiers() {
            return plan.tiers();
        }

        /** Of weights, and of keys and values of a whole conversation. */
        public long bytes() {
            return footprint.modelBytes();
        }

        /** Whether some of its weights would be read from a disk for every token. */
        public boolean fromDisk() {
            return tiers().contains(Tier.DISK);
        }

        /** How fast a reply would come in the middle of a full conversation; empty where the machine was not measured. */
        public Optional<ThroughputEstimate> estimate() {
            return prices.map(it -> it.decode(plan, footprint, context() / 2));
        }
    }

    /**
     * Opening it would fail.
     *
     * @param sentence that it would fail with
     */
    record Refused(EngineException.Kind kind, String sentence) implements FitResult {}
}
