package dev.flexgen.chat.repl.render;

/** Tells marks for bold and code within a line from text, one character at a time. Owned by one thread. */
final class InlineMarks {

    private static final int NOTHING = -1;

    private boolean strong;

    /** How many backticks opened the code; 0 if none. */
    private int codeRun;

    private int mark = NOTHING;
    private int run;
    private int before = ' ';

    /**
     * What one character brought.
     *
     * @param changed whether {@link #strong} or {@link #code} are not what they were; before the text
     */
    record Piece(boolean changed, String text) {}

    boolean strong() {
        return strong;
    }

    boolean code() {
        return codeRun > 0;
    }

    /** Takes the next character; a line feed brings no text but what was held back. */
    Piece take(int c) {
        if (c == mark) {
            run++;
            return new Piece(false, "");
        }
        Piece held = resolve(c);
        String text = held.text();
        if (c == '`' || (c == '*' && codeRun == 0)) {
            mark = c;
            run = 1;
        } else if (c != '\n') {
            text += Character.toString(c);
            before = c;
        }
        return new Piece(held.changed(), text);
    }

    /** The line is over. */
    Piece finish() {
        return resolve('\n');
    }

    void reset() {
        strong = false;
        codeRun = 0;
        mark = NOTHING;
        before = ' ';
    }

    /** Knows what a run of marks was once something else follows it. */
    private Piece resolve(int next) {
        if (mark == NOTHING) {
            return new Piece(false, "");
        }
        String written = Character.toString(mark).repeat(run);
        boolean understood = mark == '`' ? code(next) : bold(next);
        mark = NOTHING;
        if (!understood) {
            before = written.charAt(0);
        }
        return new Piece(understood, understood ? "" : written);
    }

    private boolean code(int next) {
        if (codeRun == run) {
            codeRun = 0;
            return true;
        }
        if (codeRun == 0 && run <= 2 && next != '\n') {
            codeRun = run;
            return true;
        }
        return false;
    }

    /** Two stars that touch the words they are about. Powers such as {@code 2**3} do not begin anything. */
    private boolean bold(int next) {
        if (run != 2) {
            return false;
        }
        if (strong && !Character.isWhitespace(before)) {
            strong = false;
            return true;
        }
        if (!strong && !Character.isWhitespace(next) && !Character.isLetterOrDigit(before)) {
            strong = true;
            return true;
        }
        return false;
    }
}
