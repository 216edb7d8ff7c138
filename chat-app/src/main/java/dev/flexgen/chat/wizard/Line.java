package dev.flexgen.chat.wizard;

import dev.flexgen.chat.repl.render.WordWrap;
import java.util.ArrayList;
import java.util.List;

/** A line of a page and how it looks. */
public record Line(Style style, String text) {

    /** How a line looks; a terminal without colours may show some of them alike. */
    public enum Style {
        PLAIN,
        DIM,
        STRONG,
        /** Where the cursor is. */
        SELECTED,
        ERROR
    }

    /** What is shown where not all of a page is; fits the smallest window that counts, of 20 columns. */
    static final Line CUT = new Line(Style.DIM, "(enlarge the window)");

    static final String INDENT = "  ";
    private static final String CURSOR = "> ";
    static final Line BLANK = new Line(Style.PLAIN, "");

    static Line plain(String text) {
        return new Line(Style.PLAIN, text);
    }

    static Line dim(String text) {
        return new Line(Style.DIM, text);
    }

    /** A paragraph, broken between words. */
    static List<Line> wrapped(Style style, String text, int width) {
        var wrap = new WordWrap(width);
        String broken = wrap.push(text) + wrap.finish();
        return broken.lines().map(line -> new Line(style, line)).toList();
    }

    static List<Line> wrapped(String text, int width) {
        return wrapped(Style.PLAIN, text, width);
    }

    /** A paragraph with blanks before each line. */
    static List<Line> indented(Style style, String text, int width) {
        return wrapped(style, text, Math.max(1, width - INDENT.length())).stream()
                .map(line -> new Line(style, INDENT + line.text()))
                .toList();
    }

    /** A row of a menu. */
    static List<Line> row(String text, boolean selected, int width) {
        Style style = selected ? Style.SELECTED : Style.PLAIN;
        List<Line> lines = new ArrayList<>(indented(style, text, width));
        if (selected) {
            lines.set(0, new Line(style, CURSOR + lines.getFirst().text().substring(INDENT.length())));
        }
        return lines;
    }
}
