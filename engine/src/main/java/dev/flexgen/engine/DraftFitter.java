package dev.flexgen.engine;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.engine.plan.CostModel;
import dev.flexgen.engine.plan.DraftGain;
import dev.flexgen.engine.plan.DraftPrices;
import dev.flexgen.engine.plan.ExpectedTurn;
import dev.flexgen.engine.plan.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What drafts would bring on a machine, planned as they would be opened: the draft first, then the model with what it leaves, for steps of
 * as many tokens as they will verify. The objective is the time of an expected turn. Pure.
 *
 * @param fitter of the machine
 * @param spec of the model that replies
 * @param activeShare as for {@link ModelFitter#fit(ModelSpec, double)}
 */
public record DraftFitter(ModelFitter fitter, ModelSpec spec, double activeShare) {

    /** Replies go on without drafts that are all wrong after so many tokens. */
    private static final int COLLAPSE = 20;

    private static final int COLLAPSE_DEPTH = 3;

    /** Plans are made for steps that verify so many tokens; the fastest is taken. */
    private static final List<Integer> PLANNED = List.of(0, 2, 5, 8);

    /** What a candidate would bring. */
    public DraftForecast forecast(DraftCandidate candidate) {
        return switch (fitter.fit(spec, activeShare)) {
            case FitResult.Refused(var _, var sentence) -> new DraftForecast.Impossible(candidate, sentence);
            case FitResult.Fits alone ->
                alone.prices().isEmpty()
                        ? new DraftForecast.Impossible(candidate, "this machine was not measured")
                        : forecast(candidate, alone);
        };
    }

    private DraftForecast forecast(DraftCandidate candidate, FitResult.Fits alone) {
        if (candidate.spec().isEmpty()) {
            return best(candidate, alone, fitter, Optional.empty());
        }
        ModelSpec other = candidate.spec().get();
        if (other.vocabulary() != spec.vocabulary()) {
            return new DraftForecast.Impossible(
                    candidate,
                    "it has a vocabulary of " + other.vocabulary() + " tokens and the model one of "
                            + spec.vocabulary());
        }
        return switch (fitter.with(candidate.options()).fit(other, activeShare)) {
            case FitResult.Refused(var _, var sentence) -> new DraftForecast.Impossible(candidate, sentence);
            case FitResult.Fits draft ->
                best(
                        candidate,
                        alone,
                        fitter.with(fitter.state().budget().without(draft.footprint())),
                        Optional.of(draft));
        };
    }

    /** By plans for several depths, with what the draft leaves. */
    private DraftForecast best(
            DraftCandidate candidate, FitResult.Fits alone, ModelFitter rest, Optional<FitResult.Fits> draft) {
        List<DraftForecast.Possible> found = new ArrayList<>();
        for (int drafted : PLANNED) {
            ModelOptions options = fitter.options().withDrafted(drafted);
            if (rest.with(options).fit(spec, activeShare) instanceof FitResult.Fits model
                    && (!model.fromDisk() || alone.fromDisk())) {
                found.add(forecast(candidate, alone, model, drafted, draft));
            }
        }
        return found.stream()
                .max(Comparator.comparingDouble(DraftForecast.Possible::turn))
                .map(DraftForecast.class::cast)
                .orElseGet(() -> new DraftForecast.Impossible(
                        candidate,
                        "it needs "
                                + Bytes.format(draft.map(FitResult.Fits::bytes).orElse(0L))
                                + ", and beside the model so much is not free"));
    }

    private static DraftForecast.Possible forecast(
            DraftCandidate candidate,
            FitResult.Fits alone,
            FitResult.Fits model,
            int planned,
            Optional<FitResult.Fits> draft) {
        int context = Math.min(alone.context(), model.context()) / 2;
        double drafted = draft.map(it -> step(it, context)).orElse(0.0);
        CostModel prices = model.prices().orElseThrow();
        DraftPrices steps =
                DraftPrices.predicted(prices, model.plan(), model.footprint(), context, DraftDepth.MOST, drafted);
        double plain = step(alone, context);
        DraftGain best = steps.best(candidate.acceptance());
        double turn = prefill(alone) + ExpectedTurn.REPLY * plain;
        double reading = prefill(model) + draft.map(DraftFitter::prefill).orElse(0.0);
        return new DraftForecast.Possible(
                candidate,
                draft,
                model,
                planned,
                new DraftGain(best.depth(), best.tokensPerStep(), best.tokensPerSecond(), 1 / plain),
                turn / (reading + ExpectedTurn.REPLY / best.tokensPerSecond()),
                turn
                        / (reading
                                + loss(steps, candidate.acceptance())
                                + ExpectedTurn.REPLY * steps.steps().getFirst()));
    }

    /** Seconds that are lost until wrong drafts are given up. */
    private static double loss(DraftPrices prices, Acceptance acceptance) {
        int depth = Math.min(COLLAPSE_DEPTH, prices.most());
        double longer = prices.steps().get(depth)
                + depth * prices.drafted()
                - prices.steps().getFirst();
        return acceptance.guessed() * COLLAPSE * Math.max(0, longer);
    }

    private static double step(FitResult.Fits fits, int context) {
        CostModel prices = fits.prices().orElseThrow();
        return prices.step(fits.plan(), fits.footprint(), Step.decode(context)).seconds();
    }

    private static double prefill(FitResult.Fits fits) {
        CostModel prices = fits.prices().orElseThrow();
        return prices.prefill(fits.plan(), fits.footprint(), Math.min(ExpectedTurn.PROMPT, fits.context()), 1)
                .seconds();
    }
}
