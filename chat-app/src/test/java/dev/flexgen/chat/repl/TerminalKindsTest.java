package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.jline.terminal.Size;
import org.junit.jupiter.api.Test;
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
}
