package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Catalogue;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.plan.ShippedProfiles;
import dev.flexgen.engine.plan.Step;
import dev.flexgen.engine.plan.TestMachines;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What drafts are said to bring, and which are taken, on machines that are not here. */
class DraftFitterTest {

    private static final long GIB = 1L << 30;
    private static final ModelOptions F16 = ModelOptions.DEFAULTS.withWeights(WeightType.F16);
    private static final MachineProfile T4 = ShippedProfiles.find("t4").orElseThrow();

    private static ModelSpec spec(String name) {
        return PublishedModels.spec(Catalogue.load().find(name).orElseThrow());
    }

    private static ModelFitter t4() {
        return new ModelFitter(SavedState.elsewhere(T4, EngineOptions.defaults()), F16);
    }

    private static ModelFitter processor(Budget budget) {
        return new ModelFitter(
                new MachineState(new Found.ProcessorAlone(""), budget, Optional.of(TestMachines.processor(20e9))), F16);
    }

    private static DraftCandidate self(String model) {
        return DraftCandidate.self(spec(model), F16, Optional.empty());
    }

    private static DraftCandidate small() {
        return DraftCandidate.model("opt-125m", spec("opt-125m"), F16, Optional.empty());
    }

    private static DraftForecast.Possible possible(ModelFitter fitter, String model, DraftCandidate candidate) {
        return (DraftForecast.Possible) new DraftFitter(fitter, spec(model), 0).forecast(candidate);
    }

    @Test
    void whatIsStreamedGainsMoreWithMoreAcceptance() {
        double before = 0;
        for (double right : new double[] {0.2, 0.5, 0.8, 0.95}) {
            DraftForecast.Possible forecast = possible(t4(), "opt-30b", small().assuming(right));
            assertThat(forecast.gain().times()).isGreaterThan(before);
            before = forecast.gain().times();
        }
        assertThat(before).isGreaterThan(2);
    }

    @Test
    void aPlanForStepsThatVerifyIsFasterThanOneForSingleTokens() {
        DraftForecast.Possible forecast = possible(t4(), "opt-13b", small().assuming(0.8));
        assertThat(forecast.planned()).isPositive();
        FitResult.Fits forSingle = (FitResult.Fits) t4().with(t4().state()
                        .budget()
                        .without(forecast.draft().orElseThrow().footprint()))
                .fit(spec("opt-13b"), 0);
        assertThat(verifying(forecast.model())).isLessThan(verifying(forSingle));
    }

    private static double verifying(FitResult.Fits fits) {
        return fits.prices()
                .orElseThrow()
                .step(fits.plan(), fits.footprint(), Step.verify(512, 5))
                .seconds();
    }

    @Test
    void whatTheDraftTakesIsMissedByTheModel() {
        DraftForecast.Possible forecast = possible(t4(), "opt-13b", self("opt-13b"));
        long both = forecast.model().footprint().bytes(Tier.GPU)
                + forecast.draft().orElseThrow().footprint().bytes(Tier.GPU);
        assertThat(both)
                .isLessThanOrEqualTo(t4().state().budget().gpus().getFirst().bytes());
        assertThat(forecast.worst()).isLessThan(0.97);
    }

    @Test
    void theGainIsOverTheModelWithAllOfTheMachine() {
        FitResult.Fits alone = (FitResult.Fits) t4().fit(spec("opt-13b"), 0);
        assertThat(possible(t4(), "opt-13b", self("opt-13b")).gain().plainTokensPerSecond())
                .isCloseTo(alone.estimate().orElseThrow().decodeTokensPerSecond(), within(0.3));
    }

    @Test
    void aDraftWithoutRoomSaysWhatItNeeds() {
        ModelFitter small = processor(new Budget(List.of(), 3 * GIB, false, true));
        assertThat(reason(small, "opt-1.3b", self("opt-1.3b"))).contains("needs 1.1 GiB", "not free");
    }

    private static String reason(ModelFitter fitter, String model, DraftCandidate candidate) {
        return switch (new DraftFitter(fitter, spec(model), 0).forecast(candidate)) {
            case DraftForecast.Impossible(var _, var reason) -> reason;
            case DraftForecast.Possible possible -> "possible: " + possible.gain();
        };
    }

    @Test
    void anotherVocabularyIsNone() {
        DraftCandidate other = DraftCandidate.model("bloom-560m", spec("bloom-560m"), F16, Optional.empty());
        assertThat(reason(t4(), "opt-13b", other)).contains("vocabulary of");
    }

    @Test
    void aMachineThatWasNotMeasuredHasNoForecast() {
        ModelFitter unknown = new ModelFitter(
                new MachineState(
                        new Found.ProcessorAlone(""), new Budget(List.of(), 60 * GIB, false), Optional.empty()),
                F16);
        assertThat(reason(unknown, "opt-1.3b", DraftCandidate.lookup(Optional.empty())))
                .contains("not measured");
    }

    private static DraftChoice choose(ModelFitter fitter, String model, DraftCandidate... candidates) {
        DraftFitter drafts = new DraftFitter(fitter, spec(model), 0);
        return DraftChoice.of(List.of(candidates).stream().map(drafts::forecast).toList());
    }

    @Test
    void whatNobodyHasCountedIsNotBetOn() {
        DraftChoice before = choose(t4(), "opt-30b", small());
        assertThat(before.chosen()).isEmpty();
        assertThat(before.reason()).contains("opt-125m", "nobody has counted", "--draft opt-125m");
        DraftChoice after = choose(t4(), "opt-30b", counted());
        assertThat(name(after)).isEqualTo("opt-125m");
        assertThat(after.reason()).startsWith("drafts by opt-125m").contains("a measured acceptance of 80 %");
    }

    @Test
    void ofSeveralTheFastestTurnWinsAndBelowTheMarginNone() {
        DraftCandidate poor = DraftCandidate.lookup(Optional.of(new Acceptance(0.3, 0.1, true)));
        assertThat(name(choose(t4(), "opt-30b", poor, counted()))).isEqualTo("opt-125m");
        DraftChoice none = choose(t4(), "opt-30b", poor);
        assertThat(name(none)).isEqualTo("none");
        assertThat(none.reason()).startsWith("no drafts").contains("lookup", "not worth it");
    }

    private static DraftCandidate counted() {
        return DraftCandidate.model("opt-125m", spec("opt-125m"), F16, Optional.of(new Acceptance(0.8, 1, true)));
    }

    private static String name(DraftChoice choice) {
        return choice.chosen().map(it -> it.candidate().name()).orElse("none");
    }

    @Test
    void aModelOfTheProcessorThatIsNoFasterInFewerBitsHasNoDrafts() {
        ModelFitter fitter = processor(new Budget(List.of(), 60 * GIB, false));
        DraftCandidate hopeless = DraftCandidate.self(spec("opt-1.3b"), F16, Optional.of(new Acceptance(0.2, 1, true)));
        assertThat(name(choose(fitter, "opt-1.3b", hopeless))).isEqualTo("none");
    }

    @Test
    void whereNothingCanDraftThatIsSaid() {
        assertThat(DraftChoice.of(List.of()).reason()).isEqualTo("no drafts: nothing could draft for this model");
    }
}
