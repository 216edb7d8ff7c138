package dev.flexgen.chat.repl;

import dev.flexgen.engine.base.Threads;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.utils.NonBlockingReader;

/**
 * Reads the keyboard on a thread of its own while no prompt does: keys that mean something at once are obeyed, all others are
 * kept for the prompt. So none of them waits in the terminal, where Ctrl-Z would leave it to the shell.
 */
final class KeyListener implements AutoCloseable {

    static final String PASTE_BEGIN = "\u001b[200~";
    static final String PASTE_END = "\u001b[201~";
    private static final int BACKSPACE = 8;
    private static final int DELETE = 127;
    private static final int CTRL_T = 20;
    private static final int CTRL_U = 21;

    /** How long the prompt may have to wait for the listener to end. */
    private static final long POLL_MILLIS = 15;

    /** An escape key on its own; what a sequence consists of comes faster. */
    private static final long ESCAPE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** What was typed together with Ctrl-Z may come so much later, over a network. */
    private static final long LATE_MILLIS = 100;

    /** Pastes come in one go: a key after such a pause was pressed, even if the end of the paste got lost. */
    private static final long PASTE_GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private final NonBlockingReader keyboard;
    private final LongSupplier nanoTime;
    private final int interruptKey;
    private final int suspendKey;
    private final int quitKey;
    private final int endKey;
    private final Actions actions;
    private final TypedAhead typed;
    private final Thread thread;
    private volatile boolean closed;
    private boolean pasting;
    private long lastKey;

    /**
     * What keys do that mean something at once.
     *
     * @param monitor on Ctrl-T; has the keyboard until it returns what was typed behind its last key
     * @param monitorFirst whether that comes before any key
     */
    record Actions(Runnable onInterrupt, Runnable onSuspend, Supplier<String> monitor, boolean monitorFirst) {}

    /** @param typed takes the keys that are kept */
    KeyListener(ChatTerminal screen, TypedAhead typed, Actions actions, LongSupplier nanoTime) {
        keyboard = screen.terminal().reader();
        interruptKey = screen.key(ControlChar.VINTR);
        suspendKey = screen.key(ControlChar.VSUSP);
        quitKey = screen.key(ControlChar.VQUIT);
        endKey = screen.key(ControlChar.VEOF);
        this.typed = typed;
        this.actions = actions;
        this.nanoTime = nanoTime;
        thread = Thread.ofPlatform().daemon().name("keyboard").start(this::run);
    }

    /** Ends it; the next key is somebody else's. */
    @Override
    public void close() {
        closed = true;
        if (Thread.currentThread().equals(thread)) {
            return;
        }
        Threads.joinUninterruptibly(thread);
    }

    private void run() {
        try {
            if (actions.monitorFirst()) {
                monitor();
                typed.changed();
            }
            while (!closed) {
                int key = keyboard.read(POLL_MILLIS);
                if (key == NonBlockingReader.EOF) {
                    return; // the prompt meets the closed terminal next, and ends the chat
                }
                if (key >= 0) {
                    take((char) key);
                    typed.changed();
                } else if (!pasting && nanoTime.getAsLong() - lastKey >= ESCAPE_NANOS) {
                    typed.endEscape();
                }
            }
        } catch (IOException | IllegalStateException gone) {
            // As above; the latter when the terminal is closed because the JVM ends.
        }
    }

    private void take(char key) throws IOException {
        long now = nanoTime.getAsLong();
        pasting &= now - lastKey < PASTE_GAP_NANOS;
        lastKey = now;
        if (!pasting && key == interruptKey) {
            typed.stop();
            actions.onInterrupt().run();
        } else if (!pasting && key == suspendKey) {
            keepWaiting();
            actions.onSuspend().run();
        } else if (!pasting && key == CTRL_T) {
            monitor();
        } else if (!pasting && (key == BACKSPACE || key == DELETE)) {
            typed.back();
        } else if (!pasting && key == CTRL_U) {
            typed.backLine();
        } else if (!pasting && key == endKey) {
            typed.leave();
        } else if (pasting || key != quitKey) { // that was meant for the reply
            keep(key);
        }
    }

    /** The keys behind its last one do here what they do otherwise. */
    private void monitor() throws IOException {
        for (char key : actions.monitor().get().toCharArray()) {
            take(key);
        }
    }

    private void keep(char key) {
        typed.add(key);
        if (key == '~') {
            pasting = pasting ? !typed.endsWith(PASTE_END) : typed.endsWith(PASTE_BEGIN);
        }
    }

    /** What came in one go with Ctrl-Z was not written for the shell: it would run it. */
    private void keepWaiting() throws IOException {
        while (keyboard.peek(LATE_MILLIS) >= 0) {
            char key = (char) keyboard.read();
            if (key >= ' ' || key == '\r' || key == '\n' || key == '\u001b') {
                keep(key);
            }
        }
    }
}
