package dev.flexgen.chat.wizard.screen;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.input.KeyType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.jline.utils.NonBlockingReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Keys out of a terminal whose every second read gives up although something is there. */
class KeyReaderTest {

    private final HesitantTerminal terminal;

    KeyReaderTest() throws IOException {
        terminal = new HesitantTerminal();
        terminal.enterRawMode();
    }

    @AfterEach
    void close() throws IOException {
        terminal.close();
    }

    private KeyReader type(String keys) throws IOException {
        terminal.processInputBytes(keys.getBytes(StandardCharsets.UTF_8));
        return new KeyReader(terminal);
    }

    private static KeyType poll(KeyReader reader) throws IOException {
        var key = reader.poll();
        while (key == null) {
            key = reader.poll();
        }
        return key.getKeyType();
    }

    @Test
    void whatIsTakenIsTakenWhole() throws Exception {
        var reader = type("\u001b\u00e9cho 1; \u00e9cho 2");

        assertThat(poll(reader)).isEqualTo(KeyType.Escape);
        assertThat(reader.takeTyped()).isEqualTo("\u00e9cho 1; \u00e9cho 2");
        assertThat(reader.isWaiting()).isFalse();
    }

    @Test
    void aSequenceIsReadWhole() throws Exception {
        var reader = type("\u001b[B\u001b[6~");

        assertThat(poll(reader)).isEqualTo(KeyType.ArrowDown);
        assertThat(poll(reader)).isEqualTo(KeyType.PageDown);
    }

    @Test
    void keysWithModifiersAndOfTheKeypadAreNoEscape() throws Exception {
        var wanted = Map.of(
                "[1;5A", KeyType.ArrowUp,
                "[1;3D", KeyType.ArrowLeft,
                "[1;2H", KeyType.Home,
                "[1;5P", KeyType.Unknown,
                "OE", KeyType.Unknown,
                "Oa", KeyType.Unknown,
                "Oy", KeyType.Unknown,
                "\r", KeyType.Unknown,
                "\u007f", KeyType.Unknown);
        for (var key : wanted.entrySet()) {
            var reader = type("\u001b" + key.getKey());
            assertThat(poll(reader)).as(key.getKey()).isEqualTo(key.getValue());
            assertThat(reader.hasTyped() || reader.isWaiting()).as(key.getKey()).isFalse();
        }
    }

    @Test
    void aLetterWithAltIsAnEscapeAndTheLetter() throws Exception {
        var reader = type("\u001bb");

        assertThat(poll(reader)).isEqualTo(KeyType.Escape);
        assertThat(poll(reader)).isEqualTo(KeyType.Character);
    }

    /** Gives up on each read once. */
    private static final class HesitantTerminal extends LineDisciplineTerminal {

        private final NonBlockingReader hesitant = new NonBlockingReader() {
            private boolean ready;

            @Override
            protected int read(long timeout, boolean isPeek) throws IOException {
                ready = !ready;
                return ready ? READ_EXPIRED : isPeek ? inner().peek(timeout) : inner().read(timeout);
            }

            @Override
            public int readBuffered(char[] to, int from, int length, long timeout) throws IOException {
                return inner().readBuffered(to, from, length, timeout);
            }

            @Override
            public void close() {}
        };

        HesitantTerminal() throws IOException {
            super("test", "xterm", new ByteArrayOutputStream(), StandardCharsets.UTF_8);
        }

        private NonBlockingReader inner() {
            return super.reader();
        }

        @Override
        public NonBlockingReader reader() {
            return hesitant;
        }
    }
}
