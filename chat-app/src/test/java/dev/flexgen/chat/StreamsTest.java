package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamsTest {

    private static final String TEXT = "a\u001b[2J\u0000\r\n\u007f\u009b1m";
    private static final String WILD = "\u001b[2J\u009b31m\u007f a\tb\r\n\u202ec\u2028d";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Streams streams(boolean terminal) {
        var print = new PrintStream(out, true, StandardCharsets.UTF_8);
        return new Streams(InputStream.nullInputStream(), print, print, () -> false, () -> false, () -> terminal);
    }

    /** Whatever the input is: the output decides. */
    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void aModelsTextIsMadeHarmlessForATerminalOnly(boolean in, boolean out) {
        var bytes = new ByteArrayOutputStream();
        var print = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        var streams = new Streams(InputStream.nullInputStream(), print, print, () -> in, () -> in, () -> out);

        streams.print(streams.reply(TEXT));

        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo(out ? "a␛[2J␀\n␡\uFFFD1m" : TEXT);
    }

    @Test
    void aReplyGoesIntoAPipeAsItIs() {
        streams(false).print(WILD);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(WILD);
    }

    @Test
    void ourOwnWordsKeepTheirColours() {
        streams(true).printStyled("\u001b[1mhelp\u001b[0m\n");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("\u001b[1mhelp\u001b[0m\n");
    }

    @Test
    void aNoteIsOneHarmlessLineEverywhere() {
        streams(false).note("there is " + WILD);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .startsWith("flexgen-chat: there is ")
                .endsWith("\n")
                .doesNotContainPattern("[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]")
                .hasLineCount(1);
    }

    @Test
    void aReplyDoesNothingToATerminal() {
        streams(true).print(WILD);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .doesNotContainPattern("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2028]")
                .contains("a\tb\n");
    }
}
