package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamsTest {

    private static final String TEXT = "a\u001b[2J\u0000\r\n\u007f\u009b1m";

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
}
