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
import dev.flexgen.engine.plan.Workload;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.WeightEncodings;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The encoding of weights, the context, the number of sessions and the plan with which a model is opened. All together, because
 * keys and values take the room of weights.
 *
 * @param weights decided
 * @param workload for which there is room
 */
record PlanChoice(WeightType weights, Workload workload, Footprint footprint, Plan plan) {

    /** Share of the decoding speed that a longer context may cost, where nobody asked for a length. */
    private static final double MOST_COST = 0.1;

    /** A conversation needs about this much; less room is not chosen for the sake of speed. */
    private static final int LEAST_AUTO = 512;

    /** Most replies at a time that each are, to the bit, what they would be alone: their steps are computed row by row. */
    static final int MOST_ALIKE = 16;

    /** Tokens of a step of a job that are tried. */
    private static final int[] STEPS = {512, 1024, 2048, 4096};

    int context() {
        return workload.context();
    }

    int sessions() {
        return workload.sequences();
    }

    /**
     * What a choice is made of.
     *
     * @param activeShare of the neurons after ReLU; 1 if there is no ReLU
     * @param experts how often they were chosen, if the model has any and that is known
     * @param machine how fast it is; asked for only where the model does not fit the GPU
     */
    record Question(
            StoredTypes types,
            double activeShare,
            Optional<ExpertUse> experts,
            ModelOptions options,
            Budget budget,
            Supplier<MachineProfile> machine) {

        List<DeviceShape> devices() {
            return budget.devices();
        }

        private boolean gpu() {
            return !budget.gpus().isEmpty();
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

        PlanChoice with(Workload workload) {
            Footprint.Meter meter = new RememberingMeter(meter(workload));
            Planner planner = new Planner(shape(), devices(), budget, meter, workload);
            Plan plan = gpu() ? planner.forGpus(machine) : planner.forProcessor();
            return new PlanChoice(options.weights(), workload, meter.of(plan), plan);
        }

        PlanChoice forOne(int context) {
            return with(Workload.conversation(context, options.drafted()));
        }

        /** A job of so many replies at a time, each of the length asked for, or as long as the context allows. */
        Workload job(int context, int sessions, int stepTokens) {
            long most = (long) sessions * context;
            return Workload.job(context, sessions, Math.clamp(options.newTokens(), 1, context), (int)
                    Math.min(Math.max(stepTokens, Workload.STEP_TOKENS), most));
        }

        /** A plan that somebody else made; it says nothing of encodings, and without a word on them they stay. */
        PlanChoice given(int context, Plan plan) {
            if (options.weights() == WeightType.AUTO) {
                return withWeights(WeightType.NATIVE).given(context, plan);
            }
            Workload workload = options.sessions() == 1
                    ? Workload.conversation(context, options.drafted())
                    : job(context, options.sessions(), STEPS[STEPS.length / 2]);
            return new PlanChoice(options.weights(), workload, meter(workload).of(plan), plan);
        }

        Question withWeights(WeightType weights) {
            return new Question(types, activeShare, experts, options.withWeights(weights), budget, machine);
        }

        /** Whether all of it may fit the memory of the devices that compute fastest, with the least room for a conversation. */
        private boolean fitsFastestMemory() {
            int least =
                    Math.min(options.mostContext(types.spec()), options.context() > 0 ? options.context() : LEAST_AUTO);
            Footprint whole = meter(Workload.conversation(least, options.drafted()))
                    .of(Plan.onOneDevice(types.spec(), tiers().getFirst(), 0));
            long onGpus = budget.gpus().stream().mapToLong(Budget.Gpu::bytes).sum();
            return whole.hostPeak() <= budget.hostBytes()
                    && (!gpu() || whole.gpuPeaks().getFirst() <= onGpus);
        }

        private FootprintMeter meter(Workload workload) {
            return new FootprintMeter(encodings(), devices(), kv(), workload);
        }

        /** Decoded tokens a second as far as placement decides: none from a disk. */
        double speed(PlanChoice choice) {
            if (choice.plan().tiers().contains(Tier.DISK)) {
                return 0;
            }
            boolean gpuAlone = choice.plan().tiers().equals(Set.of(Tier.GPU));
            return !gpu() || gpuAlone
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
        if (question.gpu() && question.options().sessions() > MOST_ALIKE) {
            Optional<PlanChoice> job = fastestJob(question, one.context());
            if (job.isPresent()) {
                return job.get();
            }
        }
        for (int sessions = question.options().sessions(); sessions > 1; sessions /= 2) {
            try {
                PlanChoice several = question.with(question.job(one.context(), sessions, Workload.STEP_TOKENS));
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

    /** As many sessions as pay, a quarter fewer each time, then the best steps for them. */
    private static Optional<PlanChoice> fastestJob(Question question, int context) {
        CostModel prices = question.prices(question.machine().get());
        Optional<PlanChoice> best = Optional.empty();
        double most = 0;
        for (int sessions = question.options().sessions();
                sessions > MOST_ALIKE;
                sessions = Math.min(sessions - 1, Math.ceilDiv(3 * sessions, 4))) {
            Optional<PlanChoice> several = tried(question, question.job(context, sessions, STEPS[2]));
            double rate = several.map(it -> it.rate(prices)).orElse(0.0);
            if (rate < most) {
                break;
            }
            most = rate;
            best = several;
        }
        int sessions = best.map(PlanChoice::sessions).orElse(1);
        return best.flatMap(found -> Stream.concat(
                        Stream.of(found),
                        IntStream.of(STEPS)
                                .mapToObj(stepTokens -> tried(question, question.job(context, sessions, stepTokens)))
                                .flatMap(Optional::stream))
                .max(Comparator.comparingDouble(it -> it.rate(prices))));
    }

    private static Optional<PlanChoice> tried(Question question, Workload workload) {
        try {
            return Optional.of(question.with(workload));
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Tokens of replies a second, prompts included. */
    double rate(CostModel prices) {
        return workload.sequences() * workload.newTokens() / workload.seconds(prices, plan, footprint);
    }

    private static PlanChoice forOneSession(Question question) {
        int most = question.options().mostContext(question.types().spec());
        int least = Math.min(most, LEAST_AUTO);
        if (question.options().context() > 0 || least == most) {
            return question.forOne(most);
        }
        PlanChoice shortest;
        try {
            shortest = question.forOne(least);
        } catch (EngineException e) {
            return question.forOne(most); // does not fit either, and says so of the context that the user knows
        }
        double enough = (1 - MOST_COST) * question.speed(shortest);
        for (int context = most; context > least; context = Math.max(least, context / 2)) {
            try {
                PlanChoice choice = question.forOne(context);
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
