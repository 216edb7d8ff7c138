package dev.flexgen.chat.repl;

import java.io.IOError;
import java.io.PrintWriter;
import java.util.EnumSet;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;

/**
 * Borrows the terminal for a chat: keys are not echoed, and Ctrl-C, Ctrl-Z and Ctrl-\ are keys like all others, so that they
 * have their place among them. Closing gives the terminal back as it was, and so does the end of the JVM. Any thread may call
 * it.
 */
final class TerminalGuard implements AutoCloseable {

    /** What stands below the cursor, bracketed paste and application keys: what we and the line editor have put there. */
    private static final String RESET = "\u001b[J\u001b[?2004l\u001b[?1l\u001b>";

    /** Over what was typed, and echoed, before the terminal was borrowed. */
    private static final String FRESH_LINE = "\r\u001b[K";

    private static final String BRACKETED_PASTE = "\u001b[?2004h";
    private static final String NO_ATTRIBUTES = "\u001b[0m";

    private final Terminal terminal;
    private final PrintWriter writer;
    private final Attributes before;
    private final boolean dumb;
    private final SignalHandler interruptHandler;
    private final SignalHandler continueHandler;
    private final Thread hook;
    private boolean closed;

    /** @param onInterrupt for a Ctrl-C from elsewhere, or from a terminal whose modes nobody can set */
    TerminalGuard(Terminal terminal, Runnable onInterrupt) {
        this.terminal = terminal;
        writer = terminal.writer(); // the line editor gives it to nobody once the JVM ends
        dumb = isDumb(terminal);
        before = terminal.getAttributes();
        hook = new Thread(this::restoreAbruptly, "terminal-restore");
        Runtime.getRuntime().addShutdownHook(hook);
        interruptHandler = terminal.handle(Signal.INT, _ -> onInterrupt.run());
        continueHandler = terminal.handle(Signal.CONT, _ -> enter());
        enter();
        send(FRESH_LINE);
    }

    /** The chat's modes: at the beginning, and again whenever a shell had the terminal. */
    synchronized void enter() {
        if (closed) {
            return;
        }
        var raw = new Attributes(before);
        raw.setLocalFlags(EnumSet.of(LocalFlag.ICANON, LocalFlag.ECHO, LocalFlag.IEXTEN), false);
        raw.setLocalFlag(LocalFlag.ISIG, dumb && key(ControlChar.VINTR) > 0); // no key would mean the end of the input
        raw.setInputFlags(EnumSet.of(InputFlag.IXON, InputFlag.ICRNL, InputFlag.INLCR), false);
        raw.setControlChar(ControlChar.VMIN, 0);
        raw.setControlChar(ControlChar.VTIME, 1);
        set(raw);
        bracketPastes();
    }

    /** So that a paste is known as one while no prompt is there, too. */
    void bracketPastes() {
        send(BRACKETED_PASTE);
    }

    /** The modes from before the chat, for somebody else's use of the terminal. */
    synchronized void leave() {
        send(RESET);
        if (!closed) {
            set(before);
        }
    }

    /** A terminal that is gone, whose window was closed, has no modes; a reply may still have to be finished. */
    private void set(Attributes modes) {
        try {
            terminal.setAttributes(modes);
        } catch (IOError gone) {
            // The prompt meets it next, and ends the chat.
        }
    }

    /** Restores the modes in the middle of whatever is going on, and leaves the line for the shell's prompt. */
    synchronized void restoreAbruptly() {
        if (closed) {
            return;
        }
        closed = true;
        send(RESET + NO_ATTRIBUTES);
        writer.write("\n");
        writer.flush();
        try {
            set(before);
        } catch (IllegalStateException closedByTheLineEditor) {
            // Its own hook was faster and has set the same modes.
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        leave();
        closed = true;
        terminal.handle(Signal.INT, interruptHandler);
        terminal.handle(Signal.CONT, continueHandler);
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs anyway, and has nothing to do any more.
        }
    }

    /** The key that stands for {@code which} in this terminal; -1 if none does. */
    int key(ControlChar which) {
        int key = before.getControlChar(which);
        return key > 0 ? key : -1;
    }

    boolean isDumb() {
        return dumb;
    }

    static boolean isDumb(Terminal terminal) {
        return terminal.getType().startsWith(Terminal.TYPE_DUMB);
    }

    private void send(String sequences) {
        if (!dumb) {
            writer.write(sequences);
        }
        writer.flush();
    }
}
