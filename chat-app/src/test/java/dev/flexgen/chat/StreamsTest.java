package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StreamsTest {

    private static final String WILD = "\u001b[2J\u009b31m\u007f a\tb\r\n\u202ec\u2028d";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Streams streams(boolean terminal) {
        var print = new PrintStream(out, true, StandardCharsets.UTF_8);
        return new Streams(InputStream.nullInputStream(), print, print, () -> false, () -> terminal, () -> false);
    }

    @Test
    void aReplyGoesIntoAPipeAsItIs() {
        streams(false).printReply(WILD);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(WILD);
    }

    @Test
    void aReplyDoesNothingToATerminal() {
        streams(true).printReply(WILD);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .doesNotContainPattern("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2028]")
                .contains("a\tb\n");
    }
}
