package dev.flexgen.chat.wizard.screen;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jline.utils.NonBlockingReader;

/**
 * What is typed, as bytes for Lanterna, out of the line editor's reader of characters: its stream of bytes loses one each
 * time somebody asks whether there is one. Owned by the thread that reads; any thread may end it.
 */
final class TypedBytes extends InputStream {

    /** What Enter sends while no mode of the terminal turns it into the line feed that Lanterna takes for it. */
    private static final char ENTER = '\r';

    private static final long PATIENCE_MILLIS = 1000;

    private final NonBlockingReader reader;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile boolean ended;
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
        if (pending.hasRemaining()) {
            return pending.remaining();
        }
        reading.lock();
        try {
            return !ended && reader.peek(1) >= 0 ? 1 : 0;
        } finally {
            reading.unlock();
        }
    }

    /**
     * From now on nothing is typed. To look for keys, the line editor changes the terminal's modes; somebody who restores them
     * must be the last to touch them, so this waits for a look that is being taken.
     */
    void end() {
        boolean locked = false;
        try {
            locked = reading.tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended = true;
            if (locked) {
                reading.unlock();
            }
        }
    }

    private boolean next() throws IOException {
        int character = ended ? -1 : reader.read();
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
