package dev.flexgen.chat.repl;

import java.io.PrintWriter;

/**
 * Where a turn is shown: the terminal, unless somebody else has its screen for a while. What comes meanwhile is kept and follows
 * then. Any thread.
 */
final class TurnWriter {

    private final PrintWriter terminal;
    private final StringBuilder kept = new StringBuilder();
    private boolean away;

    TurnWriter(PrintWriter terminal) {
        this.terminal = terminal;
    }

    synchronized void write(String text) {
        if (text.isEmpty()) {
            return;
        }
        if (away) {
            kept.append(text);
        } else {
            terminal.write(text);
            terminal.flush();
        }
    }

    /** From now on the screen is somebody else's. */
    synchronized void leave() {
        away = true;
    }

    /** It is the turn's again. */
    synchronized void comeBack() {
        away = false;
        terminal.write(kept.toString());
        terminal.flush();
        kept.setLength(0);
    }
}
