package dev.flexgen.chat.wizard;

import dev.flexgen.chat.repl.render.WordWrap;
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

    /** A row of a menu. */
    static Line row(String text, boolean selected) {
        return new Line(selected ? Style.SELECTED : Style.PLAIN, (selected ? "> " : "  ") + text);
    }
}
