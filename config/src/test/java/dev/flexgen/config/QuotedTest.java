package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuotedTest {

    @Test
    void leavesOrdinaryTextAlone() {
        assertThat(Quoted.of("gr\u00fc\u00df dich \ud83d\ude00")).isEqualTo("\"gr\u00fc\u00df dich \ud83d\ude00\"");
    }

    @Test
    void showsControlCharactersInsteadOfSendingThem() {
        assertThat(Quoted.of("a\u001b[31m\nb\u202ec")).isEqualTo("\"a\\u001b[31m\\u000ab\\u202ec\"");
    }

    @Test
    void cutsLongTextBetweenCharacters() {
        assertThat(Quoted.of("\ud83d\ude00".repeat(1000))).isEqualTo("\"" + "\ud83d\ude00".repeat(80) + "...\"");
        assertThat(Quoted.of("x".repeat(80))).isEqualTo("\"" + "x".repeat(80) + "\"");
    }
}
