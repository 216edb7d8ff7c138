package dev.flexgen.chat.wizard.screen;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jline.utils.NonBlockingReader;

/**
 * What is typed, as bytes for Lanterna, out of the line editor's reader of characters: its stream of bytes loses one each
 * time somebody asks whether there is one. Owned by the thread that reads.
 */
final class TypedBytes extends InputStream {

    /** What Enter sends while no mode of the terminal turns it into the line feed that Lanterna takes for it. */
    private static final char ENTER = '\r';

    private final NonBlockingReader reader;
    private ByteBuffer pending = ByteBuffer.allocate(0);

    TypedBytes(NonBlockingReader reader) {
        this.reader = reader;
    }

    @Override
    public int read() throws IOException {
        if (!pending.hasRemaining() && !next()) {
            return -1;
        }
        return pending.get() & 0xff;
    }

    /** One byte at least, and no more than are there: nobody should wait for the second. */
    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        int count = 0;
        while (count < length && (count == 0 || available() > 0)) {
            int one = read();
            if (one < 0) {
                break;
            }
            bytes[offset + count] = (byte) one;
            count++;
        }
        return count == 0 ? -1 : count;
    }

    @Override
    public int available() throws IOException {
        return pending.hasRemaining() ? pending.remaining() : reader.peek(1) >= 0 ? 1 : 0;
    }

    private boolean next() throws IOException {
        int character = reader.read();
        if (character < 0) {
            return false;
        }
        StringBuilder text = new StringBuilder().append(character == ENTER ? '\n' : (char) character);
        if (Character.isHighSurrogate((char) character)) {
            int low = reader.read();
            if (low >= 0) {
                text.append((char) low);
            }
        }
        pending = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
        return true;
    }
}
