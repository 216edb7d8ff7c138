package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.repl.render.Theme;
import java.util.List;
import org.jline.builtins.ScreenTerminal;
import org.junit.jupiter.api.Test;

/** Rows below the text, on a screen. */
class LiveFooterTest {

    private final LiveFooter footer = new LiveFooter(Theme.PLAIN);

    private static String lines(ScreenTerminal screen) {
        return String.join(
                        "\n",
                        screen.toString().lines().map(String::stripTrailing).toList())
                .stripTrailing();
    }

    @Test
    void rowsBelowTheTextMakeRoomAndAreOverwrittenByNothing() {
        ScreenTerminal screen = new ScreenTerminal(20, 5);
        screen.write("one\r\ntwo\r\nthree\r\nfour\r\nfive");
        screen.write(footer.show(" tail", List.of("row 1", "row 2")));
        assertThat(lines(screen)).isEqualTo("three\nfour\nfive tail\nrow 1\nrow 2");
        screen.write(footer.erase() + " and more" + footer.show("", List.of("row 3")));
        assertThat(lines(screen)).isEqualTo("three\nfour\nfive and more\nrow 3");
        screen.write(footer.erase() + "\r\nsix");
        assertThat(lines(screen)).isEqualTo("three\nfour\nfive and more\nsix");
    }

    @Test
    void whatIsShownAlreadyIsNotSentAgain() {
        footer.show("a", List.of("b"));
        assertThat(footer.show("a", List.of("b"))).isEmpty();
        footer.erase();
        assertThat(footer.show("a", List.of("b"))).isNotEmpty();
        footer.erase();
        assertThat(footer.erase()).isEmpty();
        assertThat(footer.show("", List.of())).isEmpty();
    }
}
