package dev.flexgen.chat.cli;

import java.io.PrintStream;

/**
 * Says on the terminal that a model is being read, which can take a while, and takes it back afterwards, however that
 * ends. Owned by one thread.
 */
final class LoadingNotice implements AutoCloseable {

    private static final String ERASE_LINE = "\r\u001b[K";

    private final PrintStream terminal;
    private boolean shown;

    /** @param wanted false for a notice that says nothing: there is no terminal, or it cannot erase a line */
    LoadingNotice(PrintStream terminal, boolean wanted) {
        this.terminal = terminal;
        shown = wanted;
        if (wanted) {
            terminal.print("loading the model");
            terminal.flush();
        }
    }

    /** Takes it back; more than once does no harm. */
    void erase() {
        if (shown) {
            shown = false;
            terminal.print(ERASE_LINE);
            terminal.flush();
        }
    }

    @Override
    public void close() {
        erase();
    }
}
