package dev.flexgen.chat.repl;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;
import org.jline.utils.NonBlockingInputStream;

/**
 * The keyboard's bytes, one at a time and none in advance: what nobody has asked for yet stays in the terminal. Counts on the
 * terminal's modes to end a read without a byte after a tenth of a second, and never changes them, unlike the line editor's
 * own: whoever restores the modes at the end of the process must be the last to touch them. Who has less time than a read
 * takes is served by asking whether there are bytes.
 */
final class KeyStream extends NonBlockingInputStream {

    /** A terminal that is gone answers at once, each time. */
    private static final int ENOUGH_QUICK_ANSWERS = 20;

    private static final long QUICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int NONE = READ_EXPIRED;

    /** A read without a byte. */
    private static final int READ_MILLIS = 100;

    private static final int PAUSE_MILLIS = 5;

    private final InputStream in;
    private int peeked = NONE;

    KeyStream(InputStream in) {
        this.in = in;
    }

    @Override
    public int read(long timeoutMillis, boolean isPeek) throws IOException {
        if (peeked == NONE && (timeoutMillis <= 0 || timeoutMillis >= READ_MILLIS || comes(timeoutMillis))) {
            peeked = next(timeoutMillis);
        }
        int answer = peeked;
        if (!isPeek || answer == EOF) {
            peeked = NONE;
        }
        return answer;
    }

    /** Asks the terminal, and reads nothing. */
    @Override
    public int available() throws IOException {
        return (peeked >= 0 ? 1 : 0) + in.available();
    }

    /** Whether a byte comes in time, or the terminal is gone, which a read finds out. */
    private boolean comes(long timeoutMillis) throws IOException {
        long begin = System.nanoTime();
        while (isEmpty()) {
            if (System.nanoTime() - begin >= TimeUnit.MILLISECONDS.toNanos(timeoutMillis)) {
                return false;
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                throw (IOException) new InterruptedIOException().initCause(e);
            }
        }
        return true;
    }

    private boolean isEmpty() {
        try {
            return in.available() == 0;
        } catch (IOException gone) {
            return false;
        }
    }

    private int next(long timeoutMillis) throws IOException {
        long begin = System.nanoTime();
        int quickAnswers = 0;
        while (true) {
            checkInterrupted();
            long asked = System.nanoTime();
            int one = in.read();
            if (one >= 0) {
                return one;
            }
            checkInterrupted();
            long now = System.nanoTime();
            quickAnswers = now - asked < QUICK_NANOS ? quickAnswers + 1 : 0;
            if (quickAnswers >= ENOUGH_QUICK_ANSWERS) {
                return EOF;
            }
            if (timeoutMillis > 0 && now - begin > TimeUnit.MILLISECONDS.toNanos(timeoutMillis)) {
                return NONE;
            }
        }
    }

    private static void checkInterrupted() throws InterruptedIOException {
        if (Thread.interrupted()) {
            throw new InterruptedIOException();
        }
    }
}
