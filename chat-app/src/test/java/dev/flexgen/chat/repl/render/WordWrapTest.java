package dev.flexgen.chat.repl.render;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordWrapTest {

    private static String wrapped(int columns, int pieceLength, String text) {
        var wrap = new WordWrap(columns);
        var out = new StringBuilder();
        for (int i = 0; i < text.length(); i += pieceLength) {
            out.append(wrap.push(text.substring(i, Math.min(text.length(), i + pieceLength))));
        }
        return out.append(wrap.finish()).toString();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 100})
    void linesBreakBetweenWordsHoweverTheTextArrives(int pieceLength) {
        assertThat(wrapped(20, pieceLength, "The quick brown fox jumps over the lazy dog.\n\n  indented  twice\nend "))
                .isEqualTo("""
                        The quick brown fox
                        jumps over the lazy
                        dog.

                          indented  twice
                        end""");
    }

    @Test
    void aWordIsShownAsSoonAsItIsWhole() {
        var wrap = new WordWrap(80);
        assertThat(wrap.push("Hel")).isEmpty();
        assertThat(wrap.push("lo wor")).isEqualTo("Hello");
        assertThat(wrap.push("ld\n")).isEqualTo(" world\n");
    }

    @Test
    void aRemarkBehindTheTextIsNotBroken() {
        var wrap = new WordWrap(20);
        assertThat(wrap.separator(9)).isEmpty();
        assertThat(wrap.push("ten column") + wrap.finish() + wrap.separator(9)).isEqualTo("ten column ");
        assertThat(wrap.push("s") + wrap.finish() + wrap.separator(9)).isEqualTo("s\n");
    }

    @Test
    void aWordLongerThanTheLineIsBroken() {
        assertThat(wrapped(5, 3, "ab cdefghijklm no")).isEqualTo("ab\ncdefg\nhijkl\nm no");
    }

    @Test
    void wideCharactersCountDoubleAndBreakAnywhere() {
        assertThat(wrapped(6, 1, "日本語日本")).isEqualTo("日本語\n日本");
    }

    @Test
    void withoutColumnsNothingIsBroken() {
        var text = "word ".repeat(100) + "end";
        assertThat(wrapped(0, 4, text)).isEqualTo(text);
    }
}
