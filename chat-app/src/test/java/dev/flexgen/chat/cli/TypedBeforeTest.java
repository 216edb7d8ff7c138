package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.Interruption;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.Environment;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was typed for a chat before there is one. */
class TypedBeforeTest {

    @Test
    void itIsSaidToBeLostIfTheChatDoesNotBegin(@TempDir Path home) {
        var err = new ByteArrayOutputStream();
        var streams = new Streams(
                InputStream.nullInputStream(),
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                () -> true,
                () -> false);
        var wiring = new Wiring(new Environment(Map.of(), home, home), streams, new Interruption());
        var settings = wiring.settings(Map.of("model", "demo", "role", "nobody"));

        assertThatThrownBy(() -> new ChatCommand(wiring, "Hello\n").run(settings))
                .hasMessageContaining("nobody");
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("flexgen-chat: what was typed behind Esc was for a chat that did not begin, and nothing was"
                        + " done with it: Hello\n");
    }
}
