package dev.flexgen.chat.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.jspecify.annotations.Nullable;

/**
 * The terminal of a demo as its programs have it: a keyboard that the tape presses and a screen. One program at a time may have the
 * terminal for itself; otherwise keys wait to be read as lines. {@link #press} and {@link #close} are the player's, the rest is the
 * programs'.
 */
public final class DemoConsole implements AutoCloseable {

    static final String TYPE = "xterm-256color";

    /** What the terminal takes before somebody must read. */
    private static final int ROOM = 1000;

    private static final int END = -1;
    private static final int CTRL_C = 3;

    private final DemoScreen screen;
    private final LinkedBlockingQueue<Integer> keys = new LinkedBlockingQueue<>();
    private @Nullable LineDisciplineTerminal terminal;
    private @Nullable Runnable onInterrupt;
    private boolean closed;

    DemoConsole(DemoScreen screen) {
        this.screen = screen;
    }

    /** The terminal for one program, which closes it. */
    public synchronized Terminal open() throws IOException {
        if (closed) {
            throw new IOException("the demo has ended");
        }
        var opened = new LineDisciplineTerminal("demo", TYPE, screen.output(), StandardCharsets.UTF_8) {
            @Override
            protected void doClose() throws IOException {
                gone(this);
                super.doClose();
            }
        };
        opened.setSize(screen.size());
        terminal = opened;
        for (Integer key = keys.poll(); key != null; key = keys.poll()) {
            opened.processInputByte(key);
        }
        return opened;
    }

    private synchronized void gone(Terminal closing) {
        if (closing.equals(terminal)) {
            terminal = null;
        }
    }

    /**
     * Types.
     *
     * @return whether there was room for it in time
     */
    boolean press(String text, long patienceNanos) throws InterruptedException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        long deadline = System.nanoTime() + patienceNanos;
        for (byte key : bytes) {
            while (!take(key & 0xff)) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                TimeUnit.MILLISECONDS.sleep(2);
            }
        }
        return true;
    }

    private synchronized boolean take(int key) {
        try {
            if (terminal == null && key == CTRL_C && onInterrupt != null) {
                onInterrupt.run();
                return true;
            }
            if (terminal == null) {
                keys.add(key);
                return true;
            }
            if (terminal.input().available() >= ROOM) {
                return false;
            }
            terminal.processInputByte(key);
            return true;
        } catch (IOException | IllegalStateException closing) {
            return true; // a key for a program that has just ended
        }
    }

    /** The next key as a byte, or -1 after the end. */
    int key() {
        try {
            Integer key = keys.take();
            if (key == END) {
                keys.add(END);
            }
            return key;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return END;
        }
    }

    /** What Ctrl-C does from now on while no program has the terminal for itself; null for being a key like others. */
    public synchronized void onInterrupt(@Nullable Runnable action) {
        onInterrupt = action;
        if (closed && action != null) {
            action.run();
        }
    }

    /** Lines, for programs that do not take the terminal. */
    public InputStream lines() {
        return new KeyedInput(new KeyedLines(this::key, this::print));
    }

    /** Prints as a program's output comes to a terminal that has not been told otherwise. */
    void print(String text) {
        screen.write(text.replace("\n", "\r\n"));
    }

    /** A stream for {@link #print}. */
    public PrintStream printer() {
        var out = screen.output();
        return new PrintStream(new LineEnds(out), true, StandardCharsets.UTF_8);
    }

    /** Ends it: whoever reads finds no more keys, and what runs is told to stop. */
    @Override
    public void close() {
        LineDisciplineTerminal open;
        synchronized (this) {
            if (closed) {
                return; // a program that is told to stop may end the demo itself
            }
            closed = true;
            open = terminal;
            if (onInterrupt != null) {
                onInterrupt.run();
            }
        }
        keys.add(END);
        screen.pace(0); // whoever shows something holds the terminal
        if (open != null) {
            try {
                open.raise(Signal.INT);
                open.close();
            } catch (IOException | IllegalStateException alreadyClosed) {
                // as wanted
            }
        }
    }
}
