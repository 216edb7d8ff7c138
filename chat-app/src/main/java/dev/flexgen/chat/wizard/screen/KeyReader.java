package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.jline.utils.NonBlockingInputStream;
import org.jline.utils.NonBlockingReader;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a screen, one at a time. What is typed behind a key stays in the terminal, since that key may leave the screen and the
 * rest be meant for whoever has the terminal next. Only behind an Escape it may have to look at what follows, for an arrow begins
 * with one; if that was another key, {@link #takeTyped} hands it over. Owned by the thread that reads; any thread may end it.
 */
final class KeyReader {

    private static final char ESCAPE = '\u001b';
    private static final char DELETE = '\u007f';

    /** The rest of a sequence that nothing follows for so long does not come any more. */
    private static final long SEQUENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** A character that is alone behind an Escape for so long is a key of its own. */
    private static final long SETTLED_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long PAUSE_MILLIS = 2;

    /** A terminal that has something, and does not give it in so many reads, never does. */
    private static final int MOST_READS = 500;

    private static final int NONE = NonBlockingInputStream.READ_EXPIRED;
    private static final int GONE = NonBlockingInputStream.EOF;

    private final Terminal terminal;
    private final NonBlockingReader reader;

    /** What was read and is no key yet. */
    private final Deque<Character> ahead = new ArrayDeque<>();

    private volatile boolean ended;

    KeyReader(Terminal terminal) {
        this.terminal = terminal;
        reader = terminal.reader();
    }

    /** The next key, if one is there or comes in a moment. */
    @Nullable
    KeyStroke poll() throws IOException {
        int character = ended ? GONE : next();
        if (character == NONE) {
            return null;
        }
        return switch (character) {
            case GONE -> new KeyStroke(KeyType.EOF);
            case ESCAPE -> escape();
            case '\r', '\n' -> new KeyStroke(KeyType.Enter);
            case '\t' -> new KeyStroke(KeyType.Tab);
            case '\b', DELETE -> new KeyStroke(KeyType.Backspace);
            default ->
                character < ' '
                        ? new KeyStroke((char) (character + '`'), true, false)
                        : new KeyStroke((char) character, false, false);
        };
    }

    /** From now on nothing is typed. */
    void end() {
        ended = true;
    }

    /** Whether characters were read that made no key. */
    boolean hasTyped() {
        return !ahead.isEmpty();
    }

    /** If characters were read that made no key: these, and all that wait behind them. Else what waits stays in the terminal. */
    String takeTyped() throws IOException {
        var text = new StringBuilder();
        ahead.forEach(text::append);
        if (!text.isEmpty()) {
            ahead.clear();
            for (int next = readWaiting(); next >= 0; next = readWaiting()) {
                text.append((char) next);
            }
        }
        return text.toString();
    }

    /** Whether there are keys in the terminal that nobody has read. */
    boolean isWaiting() {
        return waiting() > 0;
    }

    private int next() throws IOException {
        return ahead.isEmpty() ? reader.read(1) : ahead.removeFirst();
    }

    /** The next character if its bytes are there or on their way: a read gives up between two of them, and on a busy machine. */
    private int readWaiting() throws IOException {
        int character = NONE;
        for (int i = 0; character == NONE && i < MOST_READS && await(1, SETTLED_NANOS); i++) {
            character = reader.read(1);
        }
        return character;
    }

    /** What an Escape begins; on its own, and with what makes no sequence behind it, it is the Escape key. */
    private KeyStroke escape() throws IOException {
        var sequence = new EscapeSequence();
        if (ahead.isEmpty() && waiting() == 0 && !isSequence()) {
            return new KeyStroke(KeyType.Escape);
        }
        while (sequence.goesOn() && (!ahead.isEmpty() || await(1, SEQUENCE_NANOS))) {
            int character = ahead.isEmpty() ? readWaiting() : ahead.removeFirst();
            if (character < 0) {
                break;
            }
            sequence.add((char) character);
        }
        if (sequence.key().isPresent()) {
            return new KeyStroke(sequence.key().get());
        }
        for (int i = sequence.text().length() - 1; i >= 0; i--) {
            ahead.addFirst(sequence.text().charAt(i));
        }
        return new KeyStroke(KeyType.Escape);
    }

    /** Whether enough waits behind an Escape for a sequence, whose characters come together. Looks at none of them. */
    private boolean isSequence() {
        return await(1, SEQUENCE_NANOS) && await(2, SETTLED_NANOS);
    }

    private boolean await(int bytes, long nanos) {
        long begin = System.nanoTime();
        while (waiting() < bytes) {
            if (System.nanoTime() - begin >= nanos) {
                return false;
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    private int waiting() {
        try {
            return terminal.input().available();
        } catch (IOException gone) {
            return 0;
        }
    }
}
