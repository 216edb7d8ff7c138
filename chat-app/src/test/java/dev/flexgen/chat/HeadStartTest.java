package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loading early, waiting for it, and the clock that looks up its zone late. */
@Timeout(60)
class HeadStartTest {

    @Test
    void whoeverWaitsFindsTheVectorsBegunOrNot() throws Exception {
        for (boolean begun : new boolean[] {true, false}) {
            var start = new HeadStart();
            if (begun) {
                start.begin();
                start.begin();
            }
            assertThatCode(start::await).doesNotThrowAnyException();
            assertThatCode(start::await).as("once more").doesNotThrowAnyException();
            assertThat(Class.forName("jdk.incubator.vector.FloatVector")).isNotNull();
        }
    }

    @Test
    void anInterruptIsKeptForLater() {
        var start = new HeadStart();
        start.begin();
        Thread.currentThread().interrupt();
        start.await();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void theClockHasTheComputersZone() {
        var clock = new LocalClock();
        assertThat(clock.getZone()).isEqualTo(ZoneId.systemDefault());
        assertThat(clock.withZone(ZoneOffset.UTC).getZone()).isEqualTo(ZoneOffset.UTC);
        assertThat(Duration.between(clock.instant(), Instant.now()).abs()).isLessThan(Duration.ofSeconds(10));
    }
}
