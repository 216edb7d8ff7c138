package dev.flexgen.config;

/**
 * The one gate between text of unknown origin and a terminal: names, sentences of a hub, a model's replies. What it lets through is
 * printed where the cursor is and does nothing else: no escape sequence, no jump to another line, no change of direction, nothing that
 * cannot be seen. Pure functions; text that is harmless comes back as the same object.
 */
public final class PlainText {

    private static final int EXCERPT = 200;
    private static final char CONTROL_PICTURES = '\u2400';
    private static final char DELETE_PICTURE = '\u2421';
    private static final char REPLACEMENT = '\uFFFD';

    private PlainText() {}

    /**
     * Text that may have several lines. Line feeds and tabs are kept, carriage returns dropped, line and paragraph separators made line
     * feeds. Other control characters are shown as pictures; what cannot be seen is left out.
     */
    public static String of(String text) {
        return filtered(text, PlainText::append);
    }

    /**
     * Text within a line, such as a name. Whatever would end the line is a space; what cannot be seen is shown as U+FFFD, because two
     * names that look alike must not be different.
     */
    public static String line(String text) {
        return filtered(text, PlainText::appendInLine);
    }

    /** The beginning of a text within a line: 200 characters of it, then three dots. */
    public static String excerpt(String text) {
        return text.codePointCount(0, text.length()) <= EXCERPT
                ? line(text)
                : line(text.substring(0, text.offsetByCodePoints(0, EXCERPT))) + "...";
    }

    /** Says what becomes of one character that is not harmless. */
    @FunctionalInterface
    private interface Cure {
        void append(StringBuilder safe, int codePoint);
    }

    private static String filtered(String text, Cure cure) {
        int clean = harmlessPrefix(text, cure);
        if (clean == text.length()) {
            return text;
        }
        StringBuilder safe = new StringBuilder(text.length()).append(text, 0, clean);
        text.substring(clean).codePoints().forEach(codePoint -> cure.append(safe, codePoint));
        return safe.toString();
    }

    private static int harmlessPrefix(String text, Cure cure) {
        StringBuilder one = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int codePoint = text.codePointAt(at);
            if (codePoint < ' ' || codePoint > '~') {
                one.setLength(0);
                cure.append(one, codePoint);
                if (one.isEmpty() || one.codePointAt(0) != codePoint) {
                    return at;
                }
            }
            at += Character.charCount(codePoint);
        }
        return at;
    }

    private static void append(StringBuilder safe, int codePoint) {
        if (codePoint == '\n' || codePoint == '\t') {
            safe.append((char) codePoint);
        } else if (endsLine(codePoint)) {
            safe.append('\n');
        } else if (codePoint != '\r' && !isInvisible(codePoint)) {
            safe.appendCodePoint(visible(codePoint));
        }
    }

    private static void appendInLine(StringBuilder safe, int codePoint) {
        if (codePoint == '\n' || codePoint == '\r' || codePoint == '\t' || endsLine(codePoint)) {
            safe.append(' ');
        } else {
            safe.appendCodePoint(isInvisible(codePoint) ? REPLACEMENT : visible(codePoint));
        }
    }

    private static boolean endsLine(int codePoint) {
        return codePoint == 0x2028 || codePoint == 0x2029;
    }

    private static int visible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            // The C1 range has no pictures.
            case Character.CONTROL ->
                codePoint < ' ' ? CONTROL_PICTURES + codePoint : codePoint == 0x7F ? DELETE_PICTURE : REPLACEMENT;
            case Character.SURROGATE -> REPLACEMENT; // half a character
            default -> codePoint;
        };
    }

    /** Zero-width, bidirectional and tag characters, and letters that have no shape. */
    private static boolean isInvisible(int codePoint) {
        return switch (codePoint) {
            case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0 -> true;
            // Signs of Arabic, Syriac and Kaithi numbers, which are format characters and yet seen.
            case 0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2 -> false;
            case 0x110BD, 0x110CD -> false;
            default -> Character.getType(codePoint) == Character.FORMAT || (codePoint >> 7) == 0xE0000 >> 7;
        };
    }
}
