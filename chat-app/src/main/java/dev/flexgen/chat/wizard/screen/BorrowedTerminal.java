package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.terminal.ansi.ANSITerminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jspecify.annotations.Nullable;

/**
 * The line editor's terminal for Lanterna, which must not open it a second time. While a screen is up, Ctrl-C is a key. The
 * terminal gets its modes back when the screen is left, and also when the JVM ends in the middle of it.
 */
public final class BorrowedTerminal extends ANSITerminal {

    private static final TerminalSize FALLBACK = new TerminalSize(80, 24);

    /** Main screen, cursor, attributes, application keys: everything that Lanterna may have changed. */
    private static final String RESET = "\u001b[0m\u001b[?1049l\u001b[?25h\u001b[?1l\u001b>";

    private final Terminal terminal;
    private final PrintWriter writer;
    private final KeyReader keys;
    private final Thread hook;
    private @Nullable Attributes before;
    private @Nullable SignalHandler resizeHandler;
    private @Nullable SignalHandler interruptHandler;
    private volatile boolean gone;

    /** @param terminal the caller's, not read by anybody else until the private mode ends */
    public BorrowedTerminal(Terminal terminal) {
        // Lanterna would read all that waits, and take an Escape and the key behind it for one.
        super(InputStream.nullInputStream(), terminal.output(), StandardCharsets.UTF_8);
        this.terminal = terminal;
        keys = new KeyReader(terminal);
        this.writer = terminal.writer(); // the line editor gives it to nobody once the JVM ends
        hook = new Thread(this::restoreAbruptly, "screen-restore");
    }

    @Override
    public synchronized void enterPrivateMode() throws IOException {
        before = terminal.enterRawMode();
        Attributes raw = terminal.getAttributes();
        raw.setLocalFlag(LocalFlag.ISIG, false);
        raw.setInputFlag(InputFlag.ICRNL, true); // a plain shell knows no other Enter, if one stays in the terminal
        terminal.setAttributes(raw);
        Runtime.getRuntime().addShutdownHook(hook);
        // Out of the keyboard it is a key; from elsewhere it would end the process without a word to the terminal.
        interruptHandler = terminal.handle(Signal.INT, SignalHandler.SIG_IGN);
        resizeHandler = terminal.handle(Signal.WINCH, _ -> onResized(findTerminalSize()));
        super.enterPrivateMode();
        flush();
    }

    @Override
    public synchronized void exitPrivateMode() throws IOException {
        super.exitPrivateMode();
        flush();
        terminal.handle(Signal.INT, interruptHandler == null ? SignalHandler.SIG_DFL : interruptHandler);
        terminal.handle(Signal.WINCH, resizeHandler == null ? SignalHandler.SIG_DFL : resizeHandler);
        restoreModes();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs anyway; restoring twice does no harm.
        }
    }

    @Override
    public @Nullable KeyStroke pollInput() throws IOException {
        return keys.poll();
    }

    @Override
    public KeyStroke readInput() throws IOException {
        KeyStroke key = keys.poll();
        while (key == null) {
            key = keys.poll();
        }
        return key;
    }

    /** Whether {@link #takeTyped} has something. */
    boolean hasTyped() {
        return keys.hasTyped();
    }

    /** Whether there are keys in the terminal that nobody has read. */
    boolean isWaiting() {
        return keys.isWaiting();
    }

    /**
     * What was typed behind the last key and could not stay in the terminal, with all that waits there; empty if nothing was taken
     * out of it. To be asked for before the private mode ends.
     */
    public String takeTyped() throws IOException {
        return keys.takeTyped();
    }

    /** The line editor knows it, while Lanterna would ask the terminal and wait for an answer. */
    @Override
    protected TerminalSize findTerminalSize() {
        int columns = terminal.getWidth();
        int rows = terminal.getHeight();
        return columns <= 0 || rows <= 0 ? FALLBACK : new TerminalSize(columns, rows);
    }

    /** In the middle of whatever is being drawn and read, which is not any more. */
    void restoreAbruptly() {
        gone = true;
        keys.end();
        writer.write(RESET);
        writer.flush();
        try {
            restoreModes();
        } catch (IllegalStateException closedByTheLineEditor) {
            // Its own hook was faster and has set the same modes.
        }
    }

    @Override
    protected void writeToTerminal(byte... bytes) throws IOException {
        if (!gone) {
            super.writeToTerminal(bytes);
        }
    }

    private void restoreModes() {
        Attributes modes = before;
        if (modes != null) {
            terminal.setAttributes(modes);
        }
    }
}
