package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.Activity;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LoadingNoticeTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream terminal = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private final AtomicLong now = new AtomicLong();

    private String written() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private LoadingNotice notice(int columns, boolean wanted) {
        return new LoadingNotice(terminal, () -> columns, wanted, now::get);
    }

    @Test
    @Timeout(20)
    void theNoticeSaysHowFarItIsAndIsTakenBackOnce() throws InterruptedException {
        Activity activity = new Activity();
        try (var notice = notice(80, true)) {
            notice.begins("opt-tiny", activity);
            assertThat(written()).isEqualTo("loading opt-tiny");
            activity.willLoad(4L << 30);
            activity.loaded(1L << 30);
            now.set(TimeUnit.SECONDS.toNanos(10));
            while (!written().endsWith("loading opt-tiny, 1.0 GiB of 4.0 GiB, 25 %, about 30 s left")) {
                Thread.sleep(5);
            }
            notice.ends();
        }
        assertThat(written()).endsWith("about 30 s left\r\u001b[K");
    }

    @Test
    @Timeout(20)
    void aNoticeThatEndsInTheMiddleOfALookWaitsForItAndIsTakenBack() throws InterruptedException {
        var looking = new CountDownLatch(1);
        var interrupted = new AtomicBoolean();
        var test = Thread.currentThread();
        var notice = new LoadingNotice(
                terminal,
                () -> {
                    if (!Thread.currentThread().equals(test)) {
                        looking.countDown();
                        for (int wait = 0; wait < 100 && !interrupted.get(); wait++) {
                            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                            interrupted.set(Thread.currentThread().isInterrupted()); // asking for the size would fail
                        }
                    }
                    return 80;
                },
                true,
                now::get);
        notice.begins("opt-tiny", new Activity());
        looking.await();
        notice.ends();
        assertThat(interrupted).isFalse();
        assertThat(written()).endsWith("\r\u001b[K");
    }

    @Test
    @Timeout(20)
    void aTerminalThatIsClosedEndsItWithoutAStackTrace() throws InterruptedException {
        var ticker = new AtomicReference<Thread>();
        var test = Thread.currentThread();
        var uncaught = new AtomicReference<Throwable>();
        var before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((_, e) -> uncaught.set(e));
        var notice = new LoadingNotice(
                terminal,
                () -> {
                    if (!Thread.currentThread().equals(test)) {
                        ticker.set(Thread.currentThread());
                        throw new IllegalStateException("Terminal has been closed");
                    }
                    return 80;
                },
                true,
                now::get);
        try (notice) {
            notice.begins("opt-tiny", new Activity());
            while (ticker.get() == null) {
                Thread.sleep(5);
            }
            ticker.get().join();
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThat(uncaught).hasNullValue();
    }

    @Test
    @Timeout(20)
    void itIsGoneWhileTheShellHasTheTerminalAndComesBack() throws InterruptedException {
        try (var notice = notice(80, true)) {
            notice.begins("opt-tiny", new Activity());
            notice.leave();
            assertThat(written()).isEqualTo("loading opt-tiny\r\u001b[K");
            notice.comeBack();
            while (!written().endsWith("Kloading opt-tiny")) {
                Thread.sleep(5);
            }
        }
    }

    @Test
    void afterTheEndNothingIsShown() {
        var notice = notice(80, true);
        notice.begins("opt-tiny", new Activity());
        notice.close();
        notice.begins("its draft", new Activity());
        assertThat(written()).isEqualTo("loading opt-tiny\r\u001b[K");
    }

    @Test
    void aNarrowTerminalGetsAsMuchAsFits() {
        try (var notice = notice(10, true)) {
            notice.begins("opt-tiny", new Activity());
            assertThat(written()).isEqualTo("loading \u2026");
        }
    }

    @Test
    void whereItIsNotWantedNothingIsWritten() {
        try (var notice = notice(80, false)) {
            notice.begins("opt-tiny", new Activity());
        }
        assertThat(bytes.size()).isZero();
    }
}
