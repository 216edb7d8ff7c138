package dev.flexgen.chat.demo;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jline.builtins.ScreenTerminal;
import org.jline.terminal.Size;

/**
 * The screen of a terminal in memory. Takes what programs send to a terminal, keeps what a person would see, and passes it on to an
 * audience. Any thread.
 */
public final class DemoScreen {

    private static final long NANOS_A_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Size size;
    private final ScreenTerminal grid;
    private final Consumer<String> audience;
    private volatile int pace;
    private boolean shown = true;
    private long lineFeeds;
    private long pieces;

    /** @param audience is told all that is sent while it may see it, in the order of the screen */
    public DemoScreen(Size size, Consumer<String> audience) {
        this.size = size;
        this.audience = audience;
        grid = new ScreenTerminal(size.getColumns(), size.getRows());
    }

    public Size size() {
        return size;
    }

    /** A stream for what a program sends, bytes of UTF-8; complete characters appear when it is flushed. */
    public OutputStream output() {
        return new Output();
    }

    /** Text for the screen as it is, escape sequences and all. */
    public void write(String text) {
        if (pace == 0) {
            append(text);
            return;
        }
        text.codePoints().forEach(c -> {
            append(Character.toString(c));
            int limit = pace; // which may end meanwhile
            if (limit > 0 && c > ' ') {
                rest(NANOS_A_SECOND / limit);
            }
        });
    }

    private synchronized void append(String text) {
        grid.write(text);
        pieces++;
        lineFeeds += text.chars().filter(c -> c == '\n').count();
        if (shown) {
            audience.accept(text);
        }
        notifyAll();
    }

    private static void rest(long nanos) {
        try {
            TimeUnit.NANOSECONDS.sleep(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Shows at most so many characters a second from now on, and lets programs wait for that; 0 for no limit. */
    void pace(int charactersPerSecond) {
        pace = charactersPerSecond;
    }

    /** Lets the audience see what happens, beginning with all that is there, or not. */
    synchronized void show(boolean wanted) {
        if (wanted && !shown) {
            int[] cursor = cursor();
            audience.accept("\u001b[0m\u001b[2J\u001b[H" + String.join("\r\n", rows()) + "\u001b[" + (cursor[1] + 1)
                    + ";" + (cursor[0] + 1) + "H");
        }
        shown = wanted;
    }

    /** How many line feeds were ever sent: a sign that a line was left. */
    synchronized long lineFeeds() {
        return lineFeeds;
    }

    /** How many pieces of text were ever sent. */
    synchronized long pieces() {
        return pieces;
    }

    /** All rows, without blanks at their ends. */
    public synchronized List<String> rows() {
        return grid.toString().lines().map(String::stripTrailing).toList();
    }

    /** All rows down to the last that is not empty. */
    public String text() {
        return String.join("\n", rows()).stripTrailing();
    }

    /** The row that the cursor is in, without blanks at its end. */
    public synchronized String cursorRow() {
        List<String> rows = rows();
        int row = cursor()[1];
        return row < rows.size() ? rows.get(row) : "";
    }

    private int[] cursor() {
        var cells = new long[size.getColumns() * size.getRows()];
        var cursor = new int[2];
        grid.dump(cells, 0, 0, size.getRows(), size.getColumns(), cursor);
        return cursor;
    }

    /**
     * Waits until the screen is as wanted.
     *
     * @return whether it was in time
     */
    synchronized boolean await(Predicate<DemoScreen> wanted, long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (!wanted.test(this)) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, NANOS_A_SECOND));
        }
        return true;
    }

    private final class Output extends OutputStream {

        private final CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        private final ByteBuffer bytes = ByteBuffer.allocate(8192);

        @Override
        public synchronized void write(int b) {
            if (!bytes.hasRemaining()) {
                flush();
            }
            bytes.put((byte) b);
        }

        @Override
        public synchronized void flush() {
            bytes.flip();
            var text = CharBuffer.allocate(bytes.remaining() + 1);
            decoder.decode(bytes, text, false);
            bytes.compact(); // keeps the beginning of a character
            if (text.position() > 0) {
                DemoScreen.this.write(text.flip().toString());
            }
        }
    }
}
