package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.repl.render.Theme;
import java.util.List;
import org.jline.builtins.ScreenTerminal;
import org.junit.jupiter.api.Test;

/** Rows below the text, on a screen. */
class LiveFooterTest {

    private final LiveFooter footer = new LiveFooter(Theme.PLAIN);

    private static LiveFooter.Content content(String tail, List<String> rows) {
        return new LiveFooter.Content(tail, rows);
    }

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
        screen.write(footer.show(content(" tail", List.of("row 1", "row 2"))));
        assertThat(lines(screen)).isEqualTo("three\nfour\nfive tail\nrow 1\nrow 2");
        screen.write(footer.erase() + " and more" + footer.show(content("", List.of("row 3"))));
        assertThat(lines(screen)).isEqualTo("three\nfour\nfive and more\nrow 3");
        screen.write(footer.erase() + "\r\nsix");
        assertThat(lines(screen)).isEqualTo("three\nfour\nfive and more\nsix");
    }

    @Test
    void whatIsShownAlreadyIsNotSentAgain() {
        footer.show(content("a", List.of("b")));
        assertThat(footer.show(content("a", List.of("b")))).isEmpty();
        footer.erase();
        assertThat(footer.show(content("a", List.of("b")))).isNotEmpty();
        footer.erase();
        assertThat(footer.erase()).isEmpty();
        assertThat(footer.show(content("", List.of()))).isEmpty();
    }

    @Test
    void rowsStayWhereTextFollowsInItsRow() {
        ScreenTerminal screen = new ScreenTerminal(20, 5);
        screen.write("one");
        screen.write(footer.show(content("", List.of("row"))));
        String more = footer.follow(" two", true, content("", List.of("row")));
        assertThat(more).isEqualTo(" two");
        screen.write(more);
        screen.write(footer.follow(" three", true, content("", List.of("other row"))));
        assertThat(lines(screen)).isEqualTo("one two three\nother row");
        screen.write(footer.follow("\r\nfour", false, content("", List.of("other row"))));
        assertThat(lines(screen)).isEqualTo("one two three\nfour\nother row");
        screen.write(footer.follow(" five", true, content(" tail", List.of("other row"))));
        screen.write(footer.follow(" six", true, content(" tail", List.of("other row"))));
        assertThat(lines(screen)).isEqualTo("one two three\nfour five six tail\nother row");
    }

    @Test
    void itIsBelowTheTextWhereNothingStandsBehindThat() {
        assertThat(footer.isThere()).isFalse();
        footer.show(content("", List.of("row")));
        assertThat(footer.isBelow()).isTrue();
        footer.show(content("tail", List.of("row")));
        assertThat(footer.isBelow()).isFalse();
        assertThat(footer.isThere()).isTrue();
        footer.erase();
        assertThat(footer.isBelow() || footer.isThere()).isFalse();
    }
}
