package dev.flexgen.chat.repl.render;

import org.jline.utils.WCWidth;

/** Text measured in terminal columns. Pure functions. */
public final class Columns {

    private static final String CUT = "\u2026";

    private Columns() {}

    public static int of(String text) {
        int columns = 0;
        for (int at = 0; at < text.length(); at = text.offsetByCodePoints(at, 1)) {
            columns += Math.max(0, WCWidth.wcwidth(text.codePointAt(at)));
        }
        return columns;
    }

    /** The text, or as much of its beginning as fits with a sign that something is missing; empty where nothing fits. */
    public static String fit(String text, int columns) {
        if (of(text) <= columns) {
            return text;
        }
        if (columns < 1) {
            return "";
        }
        var cut = new StringBuilder();
        int width = 0;
        int at = 0;
        while (at < text.length()) {
            int c = text.codePointAt(at);
            width += Math.max(0, WCWidth.wcwidth(c));
            if (width > columns - 1) {
                break;
            }
            cut.appendCodePoint(c);
            at += Character.charCount(c);
        }
        return cut + CUT;
    }
}
