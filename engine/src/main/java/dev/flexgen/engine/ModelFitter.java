package dev.flexgen.engine;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.cuda.CudaGpus;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.plan.Bandwidths;
import dev.flexgen.engine.plan.FitResult;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineProfile.Found;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.Needs;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the planner would make of published models on a machine: whether they fit, where they would lie, how fast they could be.
 * Neither needs to be here.
 *
 * <p>How much of a model lies in which memory follows a little from bandwidths, since keys and values lie with who computes. In
 * a profile without them bus and processor count as equally fast; only within that little of a full machine can the answer
 * be another than the engine's.
 *
 * @param options with which models would be opened
 */
public record ModelFitter(MachineProfile profile, ModelOptions options) {

    /** How many neurons of a model are active is not known before it runs here: none is counted as skipped. */
    private static final double EVERY_NEURON = 1;

    /** Stands in for rates nobody measured, where a plan asks who computes which share; no figure of it is shown. */
    private static final Bandwidths ALIKE = new Bandwidths(1, 1, 1 / Bandwidths.PRODUCT, 1, 1 / Bandwidths.PRODUCT);

    /**
     * What to expect of a published model, stored as the hub has it.
     *
     * @throws IllegalArgumentException if its family is none that runs
     */
    public FitResult fit(CatalogueEntry entry) {
        try {
            return switch (profile.found()) {
                case Found.WithGpu _ when !gpuComputes(entry) -> onProcessor(entry, profile.hostReadBytesPerSecond());
                case Found.WithGpu gpu -> onGpu(entry, gpu.rates());
                case Found.ProcessorAlone alone -> onProcessor(entry, alone.hostReadBytesPerSecond());
                case Found.Nobody(var kind, var sentence) -> new FitResult.Refused(kind, sentence);
            };
        } catch (EngineException e) {
            return new FitResult.Refused(e.kind(), e.getMessage());
        }
    }

    /** Whether there are GPU kernels for all that its layers need. */
    private static boolean gpuComputes(CatalogueEntry entry) {
        return CudaGpus.CAPABILITIES.containsAll(Needs.of(PublishedModels.spec(entry)));
    }

    private FitResult onGpu(CatalogueEntry entry, Optional<Bandwidths> rates) {
        PlanChoice choice = choose(entry, true, rates.orElse(ALIKE));
        return fits(
                choice,
                rates.map(it -> question(entry, true, it).estimate(choice, it).decodeTokensPerSecond()));
    }

    private FitResult onProcessor(CatalogueEntry entry, OptionalDouble rate) {
        PlanChoice choice = choose(entry, false, ALIKE);
        Optional<Double> best = rate.stream().boxed().findFirst();
        return fits(choice, best.map(it -> it / choice.footprint().bytesPerToken()));
    }

    private PlanChoice choose(CatalogueEntry entry, boolean gpu, Bandwidths rates) {
        return PlanChoice.of(question(entry, gpu, rates));
    }

    private PlanChoice.Question question(CatalogueEntry entry, boolean gpu, Bandwidths rates) {
        UniformTypes types = new UniformTypes(PublishedModels.spec(entry), DType.F16, false);
        return new PlanChoice.Question(types, EVERY_NEURON, options, profile.budget(), gpu, () -> rates);
    }

    private static FitResult fits(PlanChoice choice, Optional<Double> best) {
        boolean known = best.isPresent() && !choice.plan().tiers().contains(Tier.DISK);
        return new FitResult.Fits(
                choice.plan().tiers(),
                choice.footprint().modelBytes(),
                known ? OptionalDouble.of(best.get()) : OptionalDouble.empty());
    }
}
