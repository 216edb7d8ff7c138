package dev.flexgen.chat.repl.render;

/**
 * Makes a model's text harmless to a terminal: a model that has read terminal logs can write escape sequences, which
 * would move the cursor, recolour the screen or type into the shell.
 */
public final class ControlCharacters {

    private static final char CONTROL_PICTURES = '\u2400';
    private static final char DELETE_PICTURE = '\u2421';
    private static final char REPLACEMENT = '\uFFFD';

    private ControlCharacters() {}

    /** Newlines and tabs are kept, carriage returns dropped, all other control characters shown as pictures. */
    public static String neutralise(String text) {
        if (text.chars().noneMatch(ControlCharacters::isHarmful)) {
            return text;
        }
        var safe = new StringBuilder(text.length());
        text.chars().filter(c -> c != '\r').forEach(c -> safe.append(isHarmful(c) ? picture(c) : (char) c));
        return safe.toString();
    }

    private static boolean isHarmful(int c) {
        return Character.isISOControl(c) && c != '\n' && c != '\t';
    }

    private static char picture(int c) {
        if (c < ' ') {
            return (char) (CONTROL_PICTURES + c);
        }
        return c == 0x7F ? DELETE_PICTURE : REPLACEMENT; // the C1 range has no pictures
    }
}
