package dev.flexgen.config;

/** Shows text of unknown origin inside a message: in quotes, on one line, of bounded length, without control characters. */
public final class Quoted {

    private static final int LIMIT = 80;

    private Quoted() {}

    public static String of(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        int shown = 0;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            if (shown++ == LIMIT) {
                return quoted.append("...\"").toString();
            }
            appendCodePoint(quoted, text.codePointAt(i));
        }
        return quoted.append('"').toString();
    }

    private static void appendCodePoint(StringBuilder quoted, int codePoint) {
        if (!PlainText.line(Character.toString(codePoint)).equals(Character.toString(codePoint))) {
            quoted.append(String.format("\\u%04x", codePoint));
        } else {
            quoted.appendCodePoint(codePoint);
        }
    }
}
