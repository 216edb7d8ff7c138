package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jline.utils.NonBlockingInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyStreamTest {

    /** A terminal that nobody types to; a read would take a tenth of a second. */
    @SuppressWarnings("InputStreamSlowMultibyteRead") // keys come one by one
    private static final class Silent extends InputStream {
        private int reads;

        @Override
        public int read() {
            reads++;
            return -1;
        }

        @Override
        public int available() {
            return 0;
        }
    }

    /** A terminal whose other side has closed. */
    @SuppressWarnings("InputStreamSlowMultibyteRead")
    private static final class Gone extends InputStream {
        @Override
        public int read() {
            return -1;
        }

        @Override
        public int available() throws IOException {
            throw new IOException("Illegal seek");
        }
    }

    @Test
    void whoHasLittleTimeWaitsForNoRead() throws IOException {
        Silent terminal = new Silent();

        assertThat(new KeyStream(terminal).read(10, false)).isEqualTo(NonBlockingInputStream.READ_EXPIRED);
        assertThat(terminal.reads).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 100, 500})
    void aTerminalThatIsGoneEnds(long timeout) throws IOException {
        assertThat(new KeyStream(new Gone()).read(timeout, false)).isEqualTo(NonBlockingInputStream.EOF);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 15, 100})
    void aKeyIsPeekedAtAndThenRead(long timeout) throws IOException {
        KeyStream keys = new KeyStream(new ByteArrayInputStream(new byte[] {'a', 'b'}));

        assertThat(keys.read(timeout, true)).isEqualTo('a');
        assertThat(keys.read(timeout, false)).isEqualTo('a');
        assertThat(keys.read(timeout, false)).isEqualTo('b');
    }
}
