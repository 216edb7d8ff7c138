package dev.flexgen.tokenizer;

/** What a text must be before the native library may see it. */
final class Texts {

    /**
     * More characters than any context has room for. It also bounds what one attempt of a split pattern can cost: the
     * library's regular expressions end the process after ten million steps back.
     */
    static final int LONGEST = 1 << 20;

    private static final char REPLACEMENT = '\uFFFD';

    private Texts() {}

    /**
     * The text with halves of characters (lone surrogates, which no encoding can express) replaced by U+FFFD.
     *
     * @throws TokenizerException of the kind TEXT if it is too long
     */
    static String checked(String text) {
        if (text.length() > LONGEST) {
            throw TokenizerException.text("The text has " + text.length() + " characters, but at most " + LONGEST
                    + " can be split into tokens at once: shorten it or send it in parts.");
        }
        return hasHalfCharacter(text) ? replaced(text) : text;
    }

    static boolean hasHalfCharacter(String text) {
        int at = 0;
        while (at < text.length()) {
            int point = text.codePointAt(at);
            if (isHalf(point)) {
                return true;
            }
            at += Character.charCount(point);
        }
        return false;
    }

    private static boolean isHalf(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    private static String replaced(String text) {
        StringBuilder whole = new StringBuilder(text.length());
        text.codePoints().map(point -> isHalf(point) ? REPLACEMENT : point).forEach(whole::appendCodePoint);
        return whole.toString();
    }
}
