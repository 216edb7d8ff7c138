package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.Activity;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
