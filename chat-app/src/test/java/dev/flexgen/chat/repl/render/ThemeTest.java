package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.ColorChoice;
import dev.flexgen.config.ThemeChoice;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ThemeTest {

    @Test
    void theUsersThemeFitsTheBackground() {
        Map<String, String> xterm = Map.of("TERM", "xterm");
        Map<String, String> light = Map.of("TERM", "xterm", "COLORFGBG", "0;15");
        Map<String, String> dark = Map.of("TERM", "xterm", "COLORFGBG", "15;0");
        assertThat(Theme.choose(ThemeChoice.AUTO, ColorChoice.AUTO, xterm)).isEqualTo(Theme.ANSI);
        assertThat(Theme.choose(ThemeChoice.AUTO, ColorChoice.AUTO, light)).isEqualTo(Theme.LIGHT);
        assertThat(Theme.choose(ThemeChoice.AUTO, ColorChoice.AUTO, dark)).isEqualTo(Theme.ANSI);
        assertThat(Theme.choose(ThemeChoice.DARK, ColorChoice.AUTO, light)).isEqualTo(Theme.ANSI);
        assertThat(Theme.choose(ThemeChoice.LIGHT, ColorChoice.AUTO, dark)).isEqualTo(Theme.LIGHT);
        assertThat(Theme.choose(ThemeChoice.NONE, ColorChoice.ALWAYS, xterm)).isEqualTo(Theme.PLAIN);
        assertThat(Theme.choose(ThemeChoice.LIGHT, ColorChoice.NEVER, xterm)).isEqualTo(Theme.PLAIN);
        assertThat(Theme.choose(ThemeChoice.LIGHT, ColorChoice.AUTO, Map.of("TERM", "xterm", "NO_COLOR", "1")))
                .isEqualTo(Theme.PLAIN);
    }

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
