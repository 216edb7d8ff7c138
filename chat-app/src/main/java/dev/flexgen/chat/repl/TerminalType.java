package dev.flexgen.chat.repl;

import java.io.IOException;
import java.util.regex.Pattern;
import org.jline.utils.InfoCmp;

/** Which of the known kinds of terminal this one is, by the name in {@code TERM}. */
final class TerminalType {

    /** Whose own descriptions are often missing on the machine that one logs in to. */
    private static final Pattern LIKE_XTERM = Pattern.compile(
            "(xterm|kitty|ghostty|foot|wezterm|alacritty|contour|rio|iterm|konsole|vte|gnome|mintty|st|putty|rxvt|termite)"
                    + "([-.].*|2|)");

    private static final Pattern LIKE_SCREEN = Pattern.compile("(screen|tmux)([-.].*|)");

    private TerminalType() {}

    /**
     * The name itself if there is a description for it; else that of the kind which it resembles, or of the least that every
     * terminal with a cursor understands. What the line editor does by itself is to print a stack trace.
     */
    static String described(String name) {
        if (name.startsWith("dumb")) {
            return name;
        }
        if (name.isBlank()) {
            return "dumb";
        }
        try {
            InfoCmp.getInfoCmp(name);
            return name;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return resembled(name);
        } catch (IOException undescribed) {
            return resembled(name);
        }
    }

    static String resembled(String name) {
        if (LIKE_SCREEN.matcher(name).matches()) {
            return "screen-256color";
        }
        return LIKE_XTERM.matcher(name).matches() ? "xterm-256color" : "ansi";
    }
}
