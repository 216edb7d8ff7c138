package dev.flexgen.chat.pull;

import java.io.PrintStream;
import java.util.List;
import java.util.function.Supplier;
import org.jline.terminal.Size;

/**
 * Keeps a download's lines at the bottom of a terminal up to date. It alone writes there until it is closed; then the last
 * state stays, as if it had been printed. Owned by one thread.
 */
public final class ProgressScreen implements PullDisplay {

    private static final String ERASE_LINE = "\u001b[2K";
    private static final String ERASE_BELOW = "\u001b[J";

    private final PrintStream terminal;
    private final Supplier<Size> size;
    private final Bar bar;
    private int shown;

    /** @param size of the terminal at this moment */
    public ProgressScreen(PrintStream terminal, Supplier<Size> size, Bar bar) {
        this.terminal = terminal;
        this.size = size;
        this.bar = bar;
    }

    @Override
    public void show(PullState state) {
        Size now = size.get();
        // A line as wide as the terminal would wrap on some, and a column too many costs the whole picture.
        List<String> lines = new ProgressLines(bar, now.getColumns() - 1, now.getRows() - 2).of(state);
        StringBuilder text = new StringBuilder();
        if (shown > 0) {
            text.append("\u001b[").append(shown).append('A');
        }
        for (String line : lines) {
            text.append('\r').append(ERASE_LINE).append(line).append('\n');
        }
        text.append(ERASE_BELOW);
        terminal.print(text);
        terminal.flush();
        shown = lines.size();
    }

    @Override
    public void end(PullState state) {
        show(state);
    }
}
