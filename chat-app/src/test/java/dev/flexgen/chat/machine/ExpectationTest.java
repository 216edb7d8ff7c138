package dev.flexgen.chat.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.plan.TestMachines;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExpectationTest {

    private static final double GIB = 1L << 30;

    private static Expectation onProcessor(String model, double freeGib) {
        return on(new Found.ProcessorAlone(""), 0, freeGib, false, Optional.of(TestMachines.processor(28e9)), model);
    }

    /** The benchmarks' GPU with 16 GiB of it allowed, behind their bus. */
    private static Expectation onGpu(String model, double freeGib, boolean disk) {
        MachineProfile rates = TestMachines.gpu(3.9e12, 54e9, 68e9, 54e9, 67e9);
        return on(new Found.WithGpus("GPU"), 15.5, freeGib, disk, Optional.of(rates), model);
    }

    private static Expectation on(
            Found found, double gpuGib, double freeGib, boolean disk, Optional<MachineProfile> profile, String model) {
        Budget budget = new Budget(
                gpuGib == 0 ? List.of() : List.of(new Budget.Gpu((long) (gpuGib * GIB), 2 << 20)),
                (long) (freeGib * GIB),
                disk);
        CatalogueEntry entry = Catalogue.load().find(model).orElseThrow();
        return Expectation.of(
                entry,
                new ModelFitter(
                        new MachineState(found, budget, profile),
                        EngineOptions.defaults().model()));
    }

    @Test
    void theClassFollowsFromTheRate() {
        assertThat(onProcessor("opt-350m", 22).speed()).isEqualTo(SpeedClass.READS_ALONG);
        assertThat(onProcessor("opt-2.7b", 22).speed()).isEqualTo(SpeedClass.SLOW);
        assertThat(onProcessor("opt-30b", 80).speed()).isEqualTo(SpeedClass.PATIENCE);
        assertThat(SpeedClass.of(8)).isEqualTo(SpeedClass.SLOW);
        assertThat(SpeedClass.of(8.01)).isEqualTo(SpeedClass.READS_ALONG);
        assertThat(SpeedClass.of(1)).isEqualTo(SpeedClass.SLOW);
        assertThat(SpeedClass.of(0.99)).isEqualTo(SpeedClass.PATIENCE);
    }

    @Test
    void whatDoesNotFitIsSaidToBeSoWhateverItsSpeedAndWhy() {
        assertThat(onProcessor("opt-6.7b", 14.5).problem()).isEmpty();
        assertThat(onProcessor("opt-6.7b", 14.5).fits()).isTrue();
        Expectation tooLarge = onProcessor("opt-6.7b", 12.3);
        assertThat(tooLarge.speed()).isEqualTo(SpeedClass.DOES_NOT_FIT);
        assertThat(tooLarge.problem()).contains("12.3 GiB of host memory");
        assertThat(onGpu("opt-66b", 60, false).fits()).isFalse();
    }

    @Test
    void whereTheSystemDoesNotSayWhatIsFreeOnlyTryingTells() {
        assertThat(onProcessor("opt-66b", Long.MAX_VALUE / GIB).fits()).isTrue();
    }

    @Test
    void theLabelSaysHowItFeelsAndHowFastThatIs() {
        assertThat(onProcessor("opt-1.3b", 22).label()).matches("reads along, ~1\\d tok/s");
        assertThat(onProcessor("opt-6.7b", 22).label()).matches("slow, ~2\\.\\d tok/s");
        assertThat(onProcessor("opt-30b", 22).label()).isEqualTo("does not fit");
    }

    @Test
    void theNumberIsThePlannersOwn() {
        ModelFitter fitter = new ModelFitter(
                new MachineState(
                        new Found.ProcessorAlone(""),
                        new Budget(List.of(), 22L << 30, false),
                        Optional.of(TestMachines.processor(28e9))),
                EngineOptions.defaults().model());
        CatalogueEntry entry = Catalogue.load().find("opt-1.3b").orElseThrow();
        var fits = (FitResult.Fits) fitter.fit(entry);
        assertThat(Expectation.of(entry, fitter).tokensPerSecond().orElseThrow())
                .isEqualTo(fits.estimate().orElseThrow().decodeTokensPerSecond());
    }

    @Test
    void aModelThatNeedsADiskNobodyMeasuredGetsNoNumber() {
        assertThat(onGpu("opt-66b", 60, true).label()).isEqualTo("from disk, speed unknown");
        assertThat(onGpu("opt-66b", 60, true).fits()).isTrue();
    }

    @Test
    void aModelThatNeedsAMeasuredDiskGetsItsRate() {
        MachineProfile disk = TestMachines.withDisk(TestMachines.processor(28e9), 1e9);
        assertThat(on(new Found.ProcessorAlone(""), 0, 12, true, Optional.of(disk), "opt-13b")
                        .label())
                .matches("from disk, ~0\\.0\\d+ tok/s");
    }

    @Test
    void whatWasNotMeasuredIsSaidToBeUnknown() {
        Found unmeasured = new Found.WithGpus("GPU");
        assertThat(on(unmeasured, 15.5, 60, false, Optional.empty(), "opt-6.7b").label())
                .isEqualTo("speed unknown");
    }
}
