package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class InterruptionTest {

    private final Interruption interruption = new Interruption();

    @Test
    @Timeout(20)
    void stoppingCancelsWhatRunsAndWaitsForItsOutput() throws InterruptedException {
        var token = interruption.token();
        var written = new CountDownLatch(1);
        var main = Thread.ofPlatform().start(() -> {
            while (!token.cancelled()) {
                Thread.onSpinWait();
            }
            written.countDown();
            interruption.finished();
        });

        interruption.stop();

        assertThat(written.getCount()).isZero();
        assertThat(interruption.stopped()).isTrue();
        assertThat(main.join(Duration.ofSeconds(5))).isTrue();
    }

    @Test
    @Timeout(2)
    void thereIsNoWaitWhenNothingCanBeCancelled() {
        interruption.stop();

        assertThat(interruption.token().cancelled()).isTrue();
    }

    @Test
    @Timeout(2)
    void thereIsNoWaitAfterTheEnd() {
        interruption.token();
        interruption.finished();

        interruption.stop();

        assertThat(interruption.stopped()).isFalse();
    }

    @Test
    void inputEndsWhenTheProgramIsStopped() throws IOException {
        try (var input = interruption.guard(new ByteArrayInputStream(new byte[] {1, 2, 3}))) {
            assertThat(input.read()).isEqualTo(1);

            interruption.stop();

            assertThat(input.read()).isEqualTo(-1);
        }
    }

    @Test
    void stopsADownloadAndWaitsForItsLastWords() throws Exception {
        var stopped = new CountDownLatch(1);
        interruption.onStop(stopped::countDown);
        Thread hook = Thread.ofVirtual().start(interruption::stop);

        assertThat(stopped.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(hook.isAlive()).as("it waits for the main thread").isTrue();
        interruption.finished();
        hook.join();
        assertThat(interruption.stopped()).isTrue();
    }

    @Test
    void aDownloadThatBeginsTooLateIsStoppedAtOnce() {
        interruption.stop();
        var stopped = new CountDownLatch(1);
        interruption.onStop(stopped::countDown);

        assertThat(stopped.getCount()).isZero();
    }

    @Test
    void whereNothingIsToStopNobodyWaits() {
        interruption.onStop(() -> {
            throw new AssertionError("over already");
        });
        interruption.nothingToStop();

        interruption.stop();
        assertThat(interruption.stopped()).isTrue();
    }
}
