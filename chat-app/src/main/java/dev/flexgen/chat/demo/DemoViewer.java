package dev.flexgen.chat.demo;

import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.function.Consumer;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;

/**
 * Shows a demo on a person's terminal while it is played: in its upper left corner, on a page of its own that scrolls by itself. What the
 * person types meanwhile is not shown; Ctrl-C ends the program as ever. Closing gives the terminal back below the demo.
 */
final class DemoViewer implements Consumer<String>, AutoCloseable {

    /** What a program that was cut off may have left: pastes in brackets, application keys, colours, no cursor, another screen. */
    private static final String RESET = "\u001b[?2004l\u001b[?1l\u001b>\u001b[0m\u001b[?25h\u001b[?1049l";

    private final Terminal terminal;
    private final PrintWriter writer;
    private final Attributes before;
    private final int rows;

    DemoViewer(Terminal terminal, Size size) {
        this.terminal = terminal;
        writer = terminal.writer();
        rows = size.getRows();
        before = terminal.getAttributes();
        var quiet = new Attributes(before);
        quiet.setLocalFlags(EnumSet.of(LocalFlag.ICANON, LocalFlag.ECHO), false);
        terminal.setAttributes(quiet);
        int height = Math.max(rows, terminal.getHeight());
        // What is on the screen stays above, for who scrolls back.
        send("\u001b[" + height + ";1H" + "\n".repeat(height) + "\u001b[1;" + rows + "r\u001b[H");
    }

    @Override
    public void accept(String text) {
        send(text);
    }

    private void send(String text) {
        writer.write(text);
        writer.flush();
    }

    @Override
    public void close() {
        send(RESET + "\u001b[r\u001b[" + rows + ";1H\n");
        terminal.setAttributes(before);
    }
}
