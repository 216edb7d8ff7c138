package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ControlCharactersTest {

    @Test
    void escapeSequencesLoseTheirPower() {
        assertThat(ControlCharacters.neutralise("a\u001b[2Jb\u0007\u007f\u009b1mc"))
                .isEqualTo("a␛[2Jb␇␡\uFFFD1mc");
    }

    @Test
    void newlinesAndTabsAreText() {
        assertThat(ControlCharacters.neutralise("a\tb\r\nc")).isEqualTo("a\tb\nc");
    }

    @Test
    void otherTextIsUntouched() {
        var text = "Grüße, 日本語 🙂";
        assertThat(ControlCharacters.neutralise(text)).isSameAs(text);
    }
}
