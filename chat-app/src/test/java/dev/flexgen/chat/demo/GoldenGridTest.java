package dev.flexgen.chat.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GoldenGridTest {

    private static final GoldenGrid GRID = GoldenGrid.of("""
            > Hello.{*}
            {rows}
            [{n} tokens, {text}, context {n}/2048]
            >
            """);

    @Test
    void numbersAndTextOfTheModelMayDiffer() {
        assertThat(GRID.difference("> Hello.\nHi!\n[3 tokens, 12.5 tok/s, context 1,040/2048]\n>"))
                .isEmpty();
        assertThat(GRID.difference("> Hello.   ~3 tokens\nHi!\n\nYou there.\n[3 tokens, fast, context 40/2048]\n>"))
                .isEmpty();
    }

    @Test
    void theFirstRowThatDiffersIsNamed() {
        assertThat(GRID.difference("> Bye.\nHi!\n[3 tokens, x, context 4/2048]\n>"))
                .hasValueSatisfying(it -> assertThat(it).endsWith("row 1, which is: > Hello.{*}"));
        assertThat(GRID.difference("> Hello.\nHi!\n[3 tokens, x, context 4/1024]\n>"))
                .hasValueSatisfying(it -> assertThat(it).contains("row 3"));
        assertThat(GRID.difference("> Hello.\nHi!\n[3 tokens, x, context 4/2048]\n> and more"))
                .hasValueSatisfying(it -> assertThat(it).endsWith("row 4, which is: >"));
        assertThat(GRID.difference("")).isPresent();
    }

    @Test
    void otherSignsMeanThemselves() {
        assertThat(GoldenGrid.of("a.b (c) \\E {other}").difference("a.b (c) \\E {other}"))
                .isEmpty();
        assertThat(GoldenGrid.of("a.b").difference("axb")).isPresent();
    }
}
