package dev.flexgen.engine;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.measure.BandwidthBenchmark;
import dev.flexgen.engine.measure.HostMemoryBenchmark;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.plan.Bandwidths;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.FitResult;
import dev.flexgen.engine.plan.ModelSizes;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Planner;
import dev.flexgen.engine.plan.ThroughputEstimate;
import dev.flexgen.engine.tensor.DType;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The machine as it was found, and what the planner would make of models on it that need not be there: whether they fit, where
 * they would lie, how fast they could be. Holds no device; what is free may change after it was taken.
 *
 * @param options with which models would be opened
 * @param found who would compute
 * @param budget what a model may take
 */
public record Outlook(EngineOptions options, Found found, Budget budget) {

    /** Stands in for rates nobody measured, where a plan asks who computes which share; no figure of it is shown. */
    private static final Bandwidths ALIKE = new Bandwidths(1, 1, 1 / Bandwidths.PRODUCT, 1, 1 / Bandwidths.PRODUCT);

    /** Who would compute. */
    public sealed interface Found {

        /**
         * A GPU, with the processor beside it.
         *
         * @param name of the GPU
         * @param rates if measured
         */
        record WithGpu(String name, Optional<Bandwidths> rates) implements Found {}

        /**
         * The processor.
         *
         * @param reason why no GPU does, as half a sentence
         * @param hostReadBytesPerSecond if measured
         */
        record ProcessorAlone(String reason, OptionalDouble hostReadBytesPerSecond) implements Found {}

        /** Nobody: with these options no model can be opened, for the reason of this sentence. */
        record Nobody(EngineException.Kind kind, String sentence) implements Found {}
    }

    /**
     * Looks and measures, which takes a second or two. The GPU is opened for it, and closed again.
     *
     * <p>Never throws for what is wrong with options or devices: that is part of the outlook.
     */
    public static Outlook measure(EngineOptions options, GpuSource gpus) {
        return look(options, gpus, true);
    }

    /**
     * Looks without measuring: whether models fit is known, not how fast they are. The GPU is opened all the same, because only
     * then is it known what its driver and libraries take for themselves; that takes most of a second, and nothing where no GPU
     * may be used.
     *
     * <p>How much of a model lies in which memory follows a little from the rates, since keys and values lie with who computes;
     * here bus and processor count as equally fast. Only within that little of a full machine can the answer be another than the
     * engine's.
     */
    public static Outlook look(EngineOptions options, GpuSource gpus) {
        return look(options, gpus, false);
    }

    private static Outlook look(EngineOptions options, GpuSource gpus, boolean measure) {
        Ledger ledger = new Ledger();
        options.limits().capHost(ledger);
        try {
            HomeGpu home = HomeGpu.open(options, gpus, ledger);
            return switch (home) {
                case HomeGpu.Open(var device, var name) -> {
                    try (device) {
                        Budget budget = Planning.budget(home.gpu(), ledger, options);
                        Optional<Bandwidths> rates = measure ? rates(device, budget, options) : Optional.empty();
                        yield new Outlook(options, new Found.WithGpu(name, rates), budget);
                    }
                }
                case HomeGpu.None none -> {
                    Budget budget = Planning.budget(home.gpu(), ledger, options);
                    OptionalDouble rate = measure ? hostRead(options) : OptionalDouble.empty();
                    yield new Outlook(options, new Found.ProcessorAlone(none.reason(), rate), budget);
                }
            };
        } catch (EngineException e) {
            return new Outlook(options, new Found.Nobody(e.kind(), e.getMessage()), new Budget(0, 1, 0, false));
        }
    }

    private static Optional<Bandwidths> rates(Device gpu, Budget budget, EngineOptions options) {
        try (WorkerPool pool = new WorkerPool(options.workers())) {
            return Optional.of(BandwidthBenchmark.measure(gpu, pool, budget.gpuBytes(), budget.hostBytes()));
        } catch (EngineException e) {
            if (e.kind() == EngineException.Kind.PLACEMENT) {
                return Optional.empty(); // no room to measure in; the planner says what that means for each model
            }
            throw e;
        }
    }

    private static OptionalDouble hostRead(EngineOptions options) {
        return OptionalDouble.of(HostMemoryBenchmark.measure(options.threads()).hostReadBytesPerSecond());
    }

    /** How fast the processor's threads read host memory, if measured. */
    public OptionalDouble hostReadBytesPerSecond() {
        return switch (found) {
            case Found.WithGpu gpu ->
                gpu.rates().map(it -> OptionalDouble.of(it.hostRead())).orElse(OptionalDouble.empty());
            case Found.ProcessorAlone alone -> alone.hostReadBytesPerSecond();
            case Found.Nobody _ -> OptionalDouble.empty();
        };
    }

    /**
     * What to expect of a published model, stored as the hub has it.
     *
     * @throws IllegalArgumentException if its family is none that runs
     */
    public FitResult of(CatalogueEntry entry) {
        try {
            return forecast(Planning.sizes(PublishedModels.spec(entry), DType.F16, false, options));
        } catch (EngineException e) {
            return new FitResult.Refused(e.kind(), e.getMessage());
        }
    }

    private FitResult forecast(ModelSizes sizes) {
        Planner planner = new Planner(sizes, budget);
        return switch (found) {
            case Found.WithGpu gpu -> {
                Optional<Bandwidths> rates = gpu.rates();
                Plan plan = planner.forGpu(() -> rates.orElse(ALIKE));
                yield fits(
                        plan,
                        sizes,
                        rates.map(it -> ThroughputEstimate.of(plan, sizes, it).decodeTokensPerSecond()));
            }
            case Found.ProcessorAlone alone -> {
                Optional<Double> rate =
                        alone.hostReadBytesPerSecond().stream().boxed().findFirst();
                yield fits(planner.forProcessor(), sizes, rate.map(it -> it / sizes.bytesPerToken()));
            }
            case Found.Nobody(var kind, var sentence) -> new FitResult.Refused(kind, sentence);
        };
    }

    private static FitResult fits(Plan plan, ModelSizes sizes, Optional<Double> best) {
        boolean known = best.isPresent() && !plan.tiers().contains(Tier.DISK);
        return new FitResult.Fits(
                plan.tiers(), sizes.bytes(), known ? OptionalDouble.of(best.get()) : OptionalDouble.empty());
    }
}
