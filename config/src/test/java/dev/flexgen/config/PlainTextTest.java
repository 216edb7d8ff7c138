package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainTextTest {

    private static final String ALL =
            new String(new int[] {'a', 0x1F600, 0xE9, 0x4E2D, 0x627, 0x600, 0xFE0F, 'z'}, 0, 8) + " ~!\u00a0";

    @Test
    void whatCanBeSeenIsTheSameObject() {
        String text = ALL + "\n\tx";

        assertThat(PlainText.of(text)).isSameAs(text);
        assertThat(PlainText.line(ALL)).isSameAs(ALL);
        assertThat(PlainText.excerpt(ALL)).isSameAs(ALL);
    }

    @Test
    void controlCharactersAreShownAsPictures() {
        assertThat(PlainText.of("a\u001b[2Jb\u0007\u0000\u007f\u009b1mc")).isEqualTo("a␛[2Jb␇␀␡\ufffd1mc");
        assertThat(PlainText.line("a\u001b[2Jb\u0007\u0000\u007f\u009b1mc")).isEqualTo("a␛[2Jb␇␀␡\ufffd1mc");
    }

    @Test
    void aLineStaysALine() {
        assertThat(PlainText.line("a\nb\rc\td\u2028e\u2029f\u0085g")).isEqualTo("a b c d e f\ufffdg");
        assertThat(PlainText.of("a\nb\r\nc\td\u2028e\u2029f\u0085g")).isEqualTo("a\nb\nc\td\ne\nf\ufffdg");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0xAD, 0x61C, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202A, 0x202E, 0x2060, 0x2064, 0x2066,
                0x2069, 0x206F, 0x3164, 0xFEFF, 0xFFF9, 0xE0000, 0xE0001, 0xE0041, 0xE007F
            })
    void whatCannotBeSeenIsShownInNamesAndLeftOutOfTexts(int codePoint) {
        String text = "a" + Character.toString(codePoint) + "b";

        assertThat(PlainText.line(text)).isEqualTo("a\ufffdb");
        assertThat(PlainText.of(text)).isEqualTo("ab");
    }

    @Test
    void halfACharacterIsReplaced() {
        assertThat(PlainText.of("a\ud83d")).isEqualTo("a\ufffd");
        assertThat(PlainText.line("\ude00a")).isEqualTo("\ufffda");
    }

    @Test
    void noCharacterOfUnicodePassesThatATerminalObeys() {
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            String text = PlainText.line(Character.toString(codePoint));
            int type = Character.getType(text.codePointAt(0));

            assertThat(type == Character.CONTROL
                            || type == Character.SURROGATE
                            || type == Character.LINE_SEPARATOR
                            || type == Character.PARAGRAPH_SEPARATOR)
                    .isFalse();
            assertThat(text.codePointCount(0, text.length())).isEqualTo(1);
        }
    }

    @Test
    void anExcerptEndsBetweenCharacters() {
        assertThat(PlainText.excerpt("\ud83d\ude00".repeat(201))).isEqualTo("\ud83d\ude00".repeat(200) + "...");
        assertThat(PlainText.excerpt("\n".repeat(201))).isEqualTo(" ".repeat(200) + "...");
    }
}
