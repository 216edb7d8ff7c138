package dev.flexgen.chat.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ExpectationTest {

    private static final double RATE = 28e9;

    private static MachineReport machine(double freeGib) {
        return new MachineReport(
                2, OptionalLong.empty(), OptionalLong.of((long) (freeGib * (1L << 30))), List.of(), RATE);
    }

    private static CatalogueEntry entry(String name) {
        return Catalogue.load().find(name).orElseThrow();
    }

    @Test
    void theGuessAgreesWithWhatTheBenchmarksMeasured() {
        // docs/BENCHMARKS.md, at 27 to 31 GB/s: opt-1.3b 8.7 to 9.1 tok/s, opt-125m 72 to 83.
        assertThat(Expectation.of(entry("opt-1.3b"), machine(22)).tokensPerSecond())
                .isCloseTo(8.9, within(8.9 / 3));
        assertThat(Expectation.of(entry("opt-125m"), machine(22)).tokensPerSecond())
                .isCloseTo(77, within(77 / 3.0));
    }

    @Test
    void theClassFollowsFromTheRate() {
        assertThat(Expectation.of(entry("opt-350m"), machine(22)).speed()).isEqualTo(SpeedClass.READS_ALONG);
        assertThat(Expectation.of(entry("opt-1.3b"), machine(22)).speed()).isEqualTo(SpeedClass.SLOW);
        assertThat(Expectation.of(entry("opt-13b"), machine(40)).speed()).isEqualTo(SpeedClass.PATIENCE);
        assertThat(SpeedClass.of(8)).isEqualTo(SpeedClass.SLOW);
        assertThat(SpeedClass.of(8.01)).isEqualTo(SpeedClass.READS_ALONG);
        assertThat(SpeedClass.of(1)).isEqualTo(SpeedClass.SLOW);
        assertThat(SpeedClass.of(0.99)).isEqualTo(SpeedClass.PATIENCE);
    }

    @Test
    void whatDoesNotFitIsSaidToBeSoWhateverItsSpeed() {
        long needed = Expectation.neededBytes(entry("opt-6.7b"));
        // 13.3 GB of weights and a GiB for 2048 tokens of 32 layers, 4096 wide.
        assertThat(needed).isEqualTo(2 * 6_658_473_984L + 4L * 32 * 4096 * 2048);

        assertThat(Expectation.of(entry("opt-6.7b"), machine(13.5)).fits()).isTrue();
        assertThat(Expectation.of(entry("opt-6.7b"), machine(13.3)).speed()).isEqualTo(SpeedClass.DOES_NOT_FIT);
        assertThat(Expectation.fits(Long.MAX_VALUE, OptionalLong.empty())).isTrue();
    }

    @Test
    void theLabelSaysHowItFeelsAndHowFastThatIs() {
        assertThat(Expectation.of(entry("opt-1.3b"), machine(22)).label()).isEqualTo("slow, ~7.5 tok/s");
        assertThat(Expectation.of(entry("opt-350m"), machine(22)).label()).isEqualTo("reads along, ~30 tok/s");
        assertThat(Expectation.of(entry("opt-30b"), machine(22)).label()).isEqualTo("does not fit");
    }
}
