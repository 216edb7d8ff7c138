package dev.flexgen.chat.pull;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RateTest {

    private static final long SECOND = 1_000_000_000;

    @Test
    void tellsNothingBeforeThereIsSomethingToTell() {
        Rate rate = new Rate();
        assertThat(rate.bytesPerSecond(0)).isZero();
        rate.add(0, 0);
        rate.add(SECOND / 10, 1000);
        assertThat(rate.bytesPerSecond(SECOND / 10)).isZero();
    }

    @Test
    void forgetsWhatIsMoreThanAFewSecondsAgo() {
        Rate rate = new Rate();
        for (int second = 0; second <= 10; second++) {
            rate.add(second * SECOND, second * 100L);
        }
        for (int second = 11; second <= 20; second++) {
            rate.add(second * SECOND, 1000 + (second - 10) * 1000L);
        }
        assertThat(rate.bytesPerSecond(20 * SECOND)).isCloseTo(1000, within(1.0));
    }

    @Test
    void sinksWhileNothingComes() {
        Rate rate = new Rate();
        rate.add(0, 0);
        rate.add(SECOND, 1000);
        assertThat(rate.bytesPerSecond(4 * SECOND)).isCloseTo(250, within(1.0));
    }

    @Test
    void startsAgainWhenSomethingWasThrownAway() {
        Rate rate = new Rate();
        rate.add(0, 0);
        rate.add(SECOND, 1000);
        rate.add(2 * SECOND, 500);
        assertThat(rate.bytesPerSecond(3 * SECOND)).isZero();
    }
}
