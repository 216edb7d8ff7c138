package dev.flexgen.chat.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.plan.Bandwidths;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineProfile.Found;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ExpectationTest {

    private static final double GIB = 1L << 30;

    private static Expectation onProcessor(String model, double freeGib) {
        return on(new Found.ProcessorAlone("", OptionalDouble.of(28e9)), 0, freeGib, false, model);
    }

    /** The benchmarks' GPU with 16 GiB of it allowed, behind their bus. */
    private static Expectation onGpu(String model, double freeGib, boolean disk) {
        Bandwidths rates = new Bandwidths(3.9e12, 54e9, 68e9, 54e9, 67e9);
        return on(new Found.WithGpu("GPU", Optional.of(rates)), 15.5, freeGib, disk, model);
    }

    private static Expectation on(Found found, double gpuGib, double freeGib, boolean disk, String model) {
        Budget budget = new Budget((long) (gpuGib * GIB), 2 << 20, (long) (freeGib * GIB), disk);
        CatalogueEntry entry = Catalogue.load().find(model).orElseThrow();
        return Expectation.of(
                entry,
                new ModelFitter(
                        new MachineProfile(found, budget),
                        EngineOptions.defaults().model()));
    }

    @Test
    void theGuessAgreesWithWhatTheBenchmarksMeasured() {
        // docs/BENCHMARKS.md, at 27 to 31 GB/s: opt-1.3b 8.7 to 9.1 tok/s, opt-125m 72 to 83.
        assertThat(onProcessor("opt-1.3b", 22).tokensPerSecond().orElseThrow()).isCloseTo(8.9, within(8.9 / 3));
        assertThat(onProcessor("opt-125m", 22).tokensPerSecond().orElseThrow()).isCloseTo(77, within(77 / 3.0));
        // And 1.81 to 2.40 where GPU and bus share opt-30b.
        assertThat(onGpu("opt-30b", 100, false).tokensPerSecond().orElseThrow()).isCloseTo(2.1, within(2.1 / 3));
    }

    @Test
    void theClassFollowsFromTheRate() {
        assertThat(onProcessor("opt-350m", 22).speed()).isEqualTo(SpeedClass.READS_ALONG);
        assertThat(onProcessor("opt-1.3b", 22).speed()).isEqualTo(SpeedClass.SLOW);
        assertThat(onProcessor("opt-13b", 40).speed()).isEqualTo(SpeedClass.PATIENCE);
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
        assertThat(onProcessor("opt-1.3b", 22).label()).isEqualTo("slow, ~7.5 tok/s");
        assertThat(onProcessor("opt-350m", 22).label()).isEqualTo("reads along, ~30 tok/s");
        assertThat(onProcessor("opt-30b", 22).label()).isEqualTo("does not fit");
    }

    @Test
    void aSmallModelOnAGpuIsFasterThanItsMemoryRateCanTell() {
        assertThat(onGpu("opt-125m", 20, false).label()).isEqualTo("reads along, >100 tok/s");
        assertThat(onGpu("opt-125m", 20, false).speed()).isEqualTo(SpeedClass.READS_ALONG);
    }

    @Test
    void aModelThatNeedsTheDiskGetsNoNumber() {
        assertThat(onGpu("opt-66b", 60, true).label()).isEqualTo("from disk, speed unknown");
        assertThat(onGpu("opt-66b", 60, true).fits()).isTrue();
    }

    @Test
    void whatWasNotMeasuredIsSaidToBeUnknown() {
        Found unmeasured = new Found.WithGpu("GPU", Optional.empty());
        assertThat(on(unmeasured, 15.5, 60, false, "opt-6.7b").label()).isEqualTo("speed unknown");
    }
}
