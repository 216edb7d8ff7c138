package dev.flexgen.chat.demo;

import java.util.regex.Pattern;

/** Finds patterns of unknown origin in the text of a screen, without letting one take for ever. */
final class TextSearch {

    /** Characters that a sensible pattern never looks at. */
    private static final int MOST_STEPS = 5_000_000;

    private TextSearch() {}

    /** A pattern took too long. */
    static final class TooLong extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** @throws TooLong if it takes too long to say */
    static boolean finds(Pattern pattern, String text) {
        try {
            return pattern.matcher(new Counted(text, new int[] {MOST_STEPS})).find();
        } catch (StackOverflowError deep) {
            throw new TooLong();
        }
    }

    private record Counted(CharSequence text, int[] left) implements CharSequence {

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (--left[0] < 0) {
                throw new TooLong();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
