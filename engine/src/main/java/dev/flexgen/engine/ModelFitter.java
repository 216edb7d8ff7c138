package dev.flexgen.engine;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.tensor.DType;
import java.util.Optional;

/**
 * How the planner would place models on a machine: whether they fit, in which memory, how fast they would run. The program needs
 * neither the model nor the machine for that.
 *
 * <p>The placement depends a little on the machine's rates, because the KV cache stays with the device that computes attention. If
 * they are unknown, bus and processor count as equally fast. The answer may then differ from the engine's, but only where memory is
 * nearly full.
 *
 * @param options with which models would be opened
 */
public record ModelFitter(MachineState state, ModelOptions options) {

    /** A weight, as the hub has it. */
    private static final long STORED_BYTES = 2;

    /**
     * What to expect of a published model, stored as the hub has it.
     *
     * @throws IllegalArgumentException if its family is none that runs
     */
    public FitResult fit(CatalogueEntry entry) {
        return fit(PublishedModels.spec(entry), 0);
    }

    /**
     * What to expect of a model of this shape, stored in 16 bits.
     *
     * @param activeShare of the neurons that a token needs; 0 for what is known of trained models
     */
    public FitResult fit(ModelSpec spec, double activeShare) {
        if (state.found() instanceof Found.Nobody(var kind, var sentence)) {
            return new FitResult.Refused(kind, sentence);
        }
        FitResult result = fit(question(spec, activeShare, state.budget()));
        return result instanceof FitResult.Refused(var kind, var _)
                        && kind == EngineException.Kind.PLACEMENT
                        && packs(spec)
                        && fit(question(spec, activeShare, state.budget().withDisk()))
                                instanceof FitResult.Fits fromDisk
                ? fromDisk
                : result;
    }

    /** Whether it would be opened as a packed model, whose weights can stay on the disk where they are, whatever the limits. */
    private boolean packs(ModelSpec spec) {
        boolean encodes =
                options.weights() == WeightType.AUTO || options.weights().encodes();
        return encodes && STORED_BYTES * spec.parameters() >= PackedModels.LEAST_BYTES;
    }

    private FitResult fit(PlanChoice.Question question) {
        try {
            PlanChoice choice = PlanChoice.of(question);
            PlanChoice.Question decided = question.withWeights(choice.weights());
            return new FitResult.Fits(
                    choice.plan(),
                    choice.footprint(),
                    choice.workload(),
                    choice.weights(),
                    decided.shape(),
                    state.profile().map(decided::prices));
        } catch (EngineException e) {
            return new FitResult.Refused(e.kind(), e.getMessage());
        }
    }

    /** The same on a machine that has, or is allowed, other amounts of memory. */
    public ModelFitter with(Budget budget) {
        return new ModelFitter(new MachineState(state.found(), budget, state.profile()), options);
    }

    public ModelFitter with(ModelOptions other) {
        return new ModelFitter(state, other);
    }

    /** A machine that is not here, by its profile. */
    public static ModelFitter elsewhere(MachineProfile profile, EngineOptions options) {
        return new ModelFitter(SavedState.elsewhere(profile, options), options.model());
    }

    private PlanChoice.Question question(ModelSpec spec, double activeShare, Budget budget) {
        return new PlanChoice.Question(
                new UniformTypes(spec, DType.F16, false),
                WeightSource.activeShare(spec, activeShare),
                Optional.empty(),
                options,
                budget,
                () -> state.profile()
                        .orElseGet(() -> MachineProfile.unknown(budget.gpus().size())));
    }
}
