package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.ColorChoice;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ThemeTest {

    @Test
    void aTerminalThatCanGetsColour() {
        assertThat(Theme.choose(ColorChoice.AUTO, Map.of("TERM", "xterm"))).isEqualTo(Theme.ANSI);
        assertThat(Theme.choose(ColorChoice.AUTO, Map.of("TERM", "xterm", "NO_COLOR", "")))
                .isEqualTo(Theme.ANSI);
    }

    @Test
    void noColorAndDumbTerminalsAreRespected() {
        assertThat(Theme.choose(ColorChoice.AUTO, Map.of("TERM", "xterm", "NO_COLOR", "1")))
                .isEqualTo(Theme.PLAIN);
        assertThat(Theme.choose(ColorChoice.AUTO, Map.of("TERM", "dumb"))).isEqualTo(Theme.PLAIN);
        assertThat(Theme.choose(ColorChoice.AUTO, Map.of())).isEqualTo(Theme.PLAIN);
    }

    @Test
    void theUsersChoiceBeatsTheEnvironment() {
        assertThat(Theme.choose(ColorChoice.ALWAYS, Map.of("TERM", "dumb", "NO_COLOR", "1")))
                .isEqualTo(Theme.ANSI);
        assertThat(Theme.choose(ColorChoice.NEVER, Map.of("TERM", "xterm"))).isEqualTo(Theme.PLAIN);
    }

    @Test
    void thePlainThemeAddsNothing() {
        assertThat(Theme.PLAIN.dim("a") + Theme.PLAIN.error("b") + Theme.PLAIN.prompt("c"))
                .isEqualTo("abc");
        assertThat(Theme.ANSI.dim("a")).isEqualTo("\u001b[2ma\u001b[0m");
    }
}
