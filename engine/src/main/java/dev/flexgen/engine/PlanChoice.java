package dev.flexgen.engine;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.exec.FootprintMeter;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.CostModel;
import dev.flexgen.engine.plan.DeviceShape;
import dev.flexgen.engine.plan.ExpertUse;
import dev.flexgen.engine.plan.Footprint;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.ModelShape;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Planner;
import dev.flexgen.engine.plan.RememberingMeter;
import dev.flexgen.engine.plan.Step;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.WeightEncodings;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The encoding of weights, the context, the number of sessions and the plan with which a model is opened. All together, because
 * keys and values take the room of weights.
 *
 * @param weights decided
 * @param context most tokens of a session
 * @param sessions of full length for which there is room
 */
record PlanChoice(WeightType weights, int context, int sessions, Footprint footprint, Plan plan) {

    /** Share of the decoding speed that a longer context may cost, where nobody asked for a length. */
    private static final double MOST_COST = 0.1;

    /** A conversation needs about this much; less room is not chosen for the sake of speed. */
    private static final int LEAST_AUTO = 512;

    /**
     * What a choice is made of.
     *
     * @param activeShare of the neurons after ReLU; 1 if there is no ReLU
     * @param experts how often they were chosen, if the model has any and that is known
     * @param gpu whether there is one
     * @param machine how fast it is; asked for only where the model does not fit the GPU
     */
    record Question(
            StoredTypes types,
            double activeShare,
            Optional<ExpertUse> experts,
            ModelOptions options,
            Budget budget,
            boolean gpu,
            Supplier<MachineProfile> machine) {

        List<DeviceShape> devices() {
            return gpu
                    ? List.of(DeviceShape.gpu(budget.gpuUnit()), DeviceShape.PROCESSOR)
                    : List.of(DeviceShape.PROCESSOR);
        }

        List<Tier> tiers() {
            return devices().stream().map(DeviceShape::tier).toList();
        }

        KvEncoding kv() {
            return options.kv().resolve(types.type(ModelPart.UP.weight(), 0));
        }

        WeightEncodings encodings() {
            return new WeightEncodings(types, options.weights().encoding().orElse(null));
        }

        ModelShape shape() {
            WeightEncodings encodings = encodings();
            return new ModelShape(
                    types.spec(),
                    encodings.of(ModelPart.UP.weight(), 0),
                    encodings.of((encodings.hasOwnHead() ? ModelPart.HEAD : ModelPart.TOKENS).weight(), 0),
                    kv(),
                    activeShare,
                    experts);
        }

        PlanChoice with(int context, int sessions) {
            Footprint.Meter meter = new RememberingMeter(meter(context, sessions));
            Planner planner = new Planner(shape(), devices(), budget, meter, context, sessions, options.drafted());
            Plan plan = gpu ? planner.forGpu(machine) : planner.forProcessor();
            return new PlanChoice(options.weights(), context, sessions, meter.of(plan), plan);
        }

        /** A plan that somebody else made; it says nothing of encodings, and without a word on them they stay. */
        PlanChoice given(int context, Plan plan) {
            if (options.weights() == WeightType.AUTO) {
                return withWeights(WeightType.NATIVE).given(context, plan);
            }
            return new PlanChoice(
                    options.weights(), context, 1, meter(context, 1).of(plan), plan);
        }

        Question withWeights(WeightType weights) {
            return new Question(types, activeShare, experts, options.withWeights(weights), budget, gpu, machine);
        }

        /** Whether all of it fits the memory of the device that computes fastest, with the least room for a conversation. */
        private boolean fitsFastestMemory() {
            int least =
                    Math.min(options.mostContext(types.spec()), options.context() > 0 ? options.context() : LEAST_AUTO);
            Footprint whole = meter(least, 1).of(Plan.onOneDevice(types.spec(), tiers().getFirst(), 0));
            return whole.hostPeak() <= budget.hostBytes()
                    && (!gpu || whole.gpuPeaks().getFirst() <= budget.gpuBytes());
        }

        private FootprintMeter meter(int context, int sessions) {
            return new FootprintMeter(encodings(), devices(), kv(), context, sessions);
        }

        /** Decoded tokens a second as far as placement decides: none from a disk. */
        double speed(PlanChoice choice) {
            if (choice.plan().tiers().contains(Tier.DISK)) {
                return 0;
            }
            boolean gpuAlone = choice.plan().tiers().equals(Set.of(Tier.GPU));
            return !gpu || gpuAlone
                    ? Double.MAX_VALUE
                    : 1
                            / prices(machine.get())
                                    .step(
                                            choice.plan(),
                                            choice.footprint(),
                                            Step.verify(choice.context() / 2, options.drafted()))
                                    .seconds();
        }

        CostModel prices(MachineProfile measured) {
            return new CostModel(measured, tiers(), shape());
        }
    }

    /**
     * Makes it.
     *
     * @throws EngineException of kind PLACEMENT if the model does not fit; of kind INPUT if it cannot have the context asked for
     */
    static PlanChoice of(Question question) {
        if (question.options().weights() != WeightType.AUTO) {
            return withGivenWeights(question);
        }
        try {
            PlanChoice.Question stored = question.withWeights(WeightType.NATIVE);
            if (!stored.fitsFastestMemory()) {
                return withGivenWeights(question.withWeights(WeightType.Q4));
            }
            PlanChoice asStored = withGivenWeights(stored);
            if (asStored.plan().tiers().equals(Set.of(question.tiers().getFirst()))) {
                return asStored;
            }
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
        }
        return withGivenWeights(question.withWeights(WeightType.Q4));
    }

    private static PlanChoice withGivenWeights(Question question) {
        PlanChoice one = forOneSession(question);
        for (int sessions = question.options().sessions(); sessions > 1; sessions /= 2) {
            try {
                PlanChoice several = question.with(one.context(), sessions);
                boolean noSlower = sessions * question.speed(several) >= question.speed(one);
                if (several.plan().tiers().equals(one.plan().tiers()) && noSlower) {
                    return several;
                }
            } catch (EngineException e) {
                if (e.kind() != EngineException.Kind.PLACEMENT) {
                    throw e;
                }
            }
        }
        return one;
    }

    private static PlanChoice forOneSession(Question question) {
        int most = question.options().mostContext(question.types().spec());
        int least = Math.min(most, LEAST_AUTO);
        if (question.options().context() > 0 || least == most) {
            return question.with(most, 1);
        }
        PlanChoice shortest;
        try {
            shortest = question.with(least, 1);
        } catch (EngineException e) {
            return question.with(most, 1); // does not fit either, and says so of the context that the user knows
        }
        double enough = (1 - MOST_COST) * question.speed(shortest);
        for (int context = most; context > least; context = Math.max(least, context / 2)) {
            try {
                PlanChoice choice = question.with(context, 1);
                if (question.speed(choice) >= enough) {
                    return choice;
                }
            } catch (EngineException e) {
                if (e.kind() != EngineException.Kind.PLACEMENT) {
                    throw e;
                }
            }
        }
        return shortest;
    }
}
