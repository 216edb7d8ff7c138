package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LoadingNoticeTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream terminal = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    @Test
    void theNoticeIsTakenBackOnce() {
        try (var notice = new LoadingNotice(terminal, true)) {
            assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("loading the model");
            notice.erase();
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("loading the model\r\u001b[K");
    }

    @Test
    void whereItIsNotWantedNothingIsWritten() {
        try (var notice = new LoadingNotice(terminal, false)) {
            notice.erase();
        }
        assertThat(bytes.size()).isZero();
    }
}
