package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PaceTest {

    private final AtomicLong arrived = new AtomicLong();

    private Pace pace(Duration sample, long enough) {
        return new Pace(3, sample, enough, arrived::get);
    }

    @Test
    void aSlowLineGetsOneStreamMoreEachTimeUpToTheMost() {
        Pace pace = pace(Duration.ZERO, Long.MAX_VALUE);

        assertThat(pace.streamsPerFile()).isEqualTo(2);
        assertThat(pace.streamsPerFile()).isEqualTo(3);
        assertThat(pace.streamsPerFile()).isEqualTo(3);
    }

    @Test
    void aLineThatIsFastEnoughKeepsOneStream() {
        Pace pace = pace(Duration.ZERO, 1);

        for (int i = 0; i < 5; i++) {
            arrived.addAndGet(1_000_000);
            assertThat(pace.streamsPerFile()).isOne();
        }
    }

    @Test
    void nothingIsSaidTooEarly() {
        Pace pace = pace(Duration.ofHours(1), Long.MAX_VALUE);

        assertThat(pace.streamsPerFile()).isOne();
    }
}
