package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.terminal.Size;
import org.jline.terminal.impl.DumbTerminal;
import org.jline.utils.NonBlockingReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Terminals that are not described here, or do not know their size. */
class TerminalKindsTest {

    @ParameterizedTest
    @CsvSource({
        "xterm-kitty, xterm-256color",
        "xterm-ghostty, xterm-256color",
        "foot, xterm-256color",
        "wezterm, xterm-256color",
        "tmux-direct, screen-256color",
        "adm3a-of-mine, ansi"
    })
    void anUnknownTerminalIsTakenForItsLike(String name, String kind) {
        assertThat(TerminalType.resembled(name)).isEqualTo(kind);
    }

    @Test
    void describedAndDumbOnesKeepTheirName() {
        assertThat(TerminalType.described("xterm-256color")).isEqualTo("xterm-256color");
        assertThat(TerminalType.described("dumb")).isEqualTo("dumb");
        assertThat(TerminalType.described("")).isEqualTo("dumb");
    }

    @Test
    void aSizeThatIsMissingIsReplaced() {
        assertThat(SystemPty.known(new Size(0, 0), Map.of())).isEqualTo(new Size(80, 24));
        assertThat(SystemPty.known(new Size(0, 0), Map.of("COLUMNS", "132", "LINES", "many")))
                .isEqualTo(new Size(132, 24));
        assertThat(SystemPty.known(new Size(100, 30), Map.of("COLUMNS", "132"))).isEqualTo(new Size(100, 30));
    }

    /** Where no key interrupts, the end of the input must not be taken for that key. */
    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void theEndOfInputIsNoCtrlCOnADumbTerminal() throws IOException {
        var interrupts = new AtomicInteger();
        var in = new ByteArrayInputStream(new byte[0]);
        try (var terminal =
                        new DumbTerminal("test", "dumb", in, OutputStream.nullOutputStream(), StandardCharsets.UTF_8);
                var guard = new TerminalGuard(terminal, interrupts::incrementAndGet)) {
            assertThat(guard.isDumb()).isTrue();
            assertThat(terminal.reader().read(1000)).isEqualTo(NonBlockingReader.EOF);
            assertThat(interrupts).hasValue(0);
        }
    }
}
