package dev.flexgen.chat.repl;

import java.io.PrintWriter;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;

/**
 * Borrows the terminal for a chat: keys are not echoed and wait in the terminal until the prompt reads them, Ctrl-C goes
 * to the chat. Closing gives the terminal back as it was, and so does the end of the JVM.
 */
final class TerminalGuard implements AutoCloseable {

    /** Bracketed paste off, application keys off, attributes off: what the line editor may have switched on. */
    private static final String RESET = "\u001b[?2004l\u001b[?1l\u001b>\u001b[0m";

    private final Terminal terminal;
    private final Attributes attributes;
    private final SignalHandler interruptHandler;
    private final Thread hook;

    TerminalGuard(Terminal terminal, Runnable onInterrupt) {
        this.terminal = terminal;
        attributes = terminal.enterRawMode();
        Attributes raw = terminal.getAttributes();
        raw.setLocalFlag(LocalFlag.NOFLSH, true); // Ctrl-C stops the reply, and must not take what was typed ahead
        terminal.setAttributes(raw);
        interruptHandler = terminal.handle(Signal.INT, _ -> onInterrupt.run());
        hook = new Thread(this::restoreAbruptly, "terminal-restore");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Restores the modes in the middle of whatever is going on. */
    void restoreAbruptly() {
        PrintWriter writer = terminal.writer();
        if (!isDumb(terminal)) {
            writer.write(RESET);
        }
        writer.flush();
        terminal.setAttributes(attributes);
    }

    @Override
    public void close() {
        terminal.handle(Signal.INT, interruptHandler);
        terminal.flush();
        terminal.setAttributes(attributes);
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs anyway; restoring twice does no harm.
        }
    }

    static boolean isDumb(Terminal terminal) {
        return terminal.getType().startsWith(Terminal.TYPE_DUMB);
    }
}
