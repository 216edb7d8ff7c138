package dev.flexgen.chat.sessions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.flexgen.chat.CommandException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files among the sessions that somebody else has put there, or that are damaged. */
class StrangeSessionsTest {

    private static final int CASES = Boolean.getBoolean("flexgen.full") ? 20_000 : 1_000;

    private static final String WHOLE = """
            {"flexgen-session":1,"at":"2026-11-28T20:00:00Z","model":"demo","system":"Be brief.","settings":{"seed":"1"}}
            {"at":"2026-11-28T20:00:01Z","message":"Hi \\u001b[31m"}
            {"at":"2026-11-28T20:00:02Z","reply":"Hello","end":"finished"}
            {"at":"2026-11-28T20:00:03Z","keep":0}
            {"at":"2026-11-28T20:00:04Z","system":"Be long."}
            {"at":"2026-11-28T20:00:05Z","model":"opt-125m"}
            {"at":"2026-11-28T20:00:06Z","message":"Again"}
            """;

    private static final String[] PARTS = {
        "null", "[]", "{}", "[[[[[[", "1e999999999", "-1", "99999999999999999999", "\"\"", "\"\\ud800\"", "\n", "{", "}"
    };

    @TempDir
    private Path state;

    private SessionStore store;

    @BeforeEach
    void folder() throws IOException {
        store = new SessionStore(state, Clock.systemUTC());
        Files.createDirectories(state.resolve("sessions"));
    }

    private Path file(String name) {
        return state.resolve("sessions").resolve(name + ".jsonl");
    }

    @Test
    void aLinkIsNeitherReadNorWrittenTo() throws IOException {
        Path other = Files.writeString(state.resolve("other"), WHOLE);
        Files.createSymbolicLink(file("linked"), other);
        Files.createSymbolicLink(file("dangling"), state.resolve("nothing"));

        for (String name : new String[] {"linked", "dangling"}) {
            assertThatExceptionOfType(CommandException.class)
                    .isThrownBy(() -> store.read(name))
                    .withMessageContaining("is no session: expected a file, no link");
            assertThat(store.has(name)).isTrue();
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> store.open(name).close());
        }
        assertThat(other).hasContent(WHOLE);
        assertThat(state.resolve("nothing")).doesNotExist();
    }

    @Test
    void aFileOfSomethingElseIsNotGoneOnWith() throws IOException {
        Files.writeString(file("list"), "one\ntwo\n");
        assertThatExceptionOfType(CommandException.class)
                .isThrownBy(() -> store.read("list"))
                .withMessageContaining("no line of it is one of a session's");
        Files.writeString(file("killed"), WHOLE.substring(0, 20));
        assertThat(store.read("killed").exchanges()).isEmpty();
    }

    @Test
    void everyDamagedFileIsReadOrRefusedInASentence() throws IOException {
        int read = 0;
        for (int seed = 0; seed < CASES; seed++) {
            Files.write(file("damaged"), damaged(new Random(seed)));
            try {
                read += store.read("damaged").damagedLines() >= 0 ? 1 : 0;
            } catch (CommandException e) {
                assertThat(e.getMessage())
                        .as("case %d", seed)
                        .contains("session")
                        .doesNotContain("\n");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("case " + seed, e);
            }
        }
        assertThat(read).isBetween(CASES / 2, CASES - 1);
    }

    private static byte[] damaged(Random random) {
        byte[] bytes = WHOLE.getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(8) == 0) {
            return Arrays.copyOf(bytes, random.nextInt(bytes.length));
        }
        var text = new StringBuilder(WHOLE);
        for (int hits = 1 + random.nextInt(6); hits > 0; hits--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(3)) {
                case 0 -> text.setCharAt(at, (char) random.nextInt(256));
                case 1 -> text.insert(at, PARTS[random.nextInt(PARTS.length)].repeat(1 + random.nextInt(3)));
                default -> {
                    int colon = text.indexOf(":", at);
                    int end = colon < 0 ? -1 : text.indexOf(",", colon);
                    if (end > 0) {
                        text.replace(colon + 1, end, PARTS[random.nextInt(PARTS.length)]);
                    }
                }
            }
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
