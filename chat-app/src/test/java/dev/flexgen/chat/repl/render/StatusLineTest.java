package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.repl.render.StatusLine.Part;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusLineTest {

    private static final List<Part> PARTS = List.of(
            new Part("opt-66b q4", 3), new Part("", 0), new Part("4.1 s a token", 0), new Part("context 81/2048", 1));

    @Test
    void theLeastImportantPartsGoFirst() {
        assertThat(StatusLine.of(PARTS, 60)).isEqualTo("opt-66b q4 \u00b7 4.1 s a token \u00b7 context 81/2048");
        assertThat(StatusLine.of(PARTS, 40)).isEqualTo("4.1 s a token \u00b7 context 81/2048");
        assertThat(StatusLine.of(PARTS, 20)).isEqualTo("4.1 s a token");
    }

    @Test
    void theMostImportantOneIsCut() {
        assertThat(StatusLine.of(PARTS, 6)).isEqualTo("4.1 s\u2026");
        assertThat(StatusLine.of(PARTS, 0)).isEmpty();
        assertThat(StatusLine.of(List.of(), 20)).isEmpty();
    }
}
