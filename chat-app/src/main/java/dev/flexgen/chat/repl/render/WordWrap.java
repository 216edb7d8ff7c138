package dev.flexgen.chat.repl.render;

import org.jline.utils.WCWidth;

/**
 * Breaks a stream of text into lines between words, a word at a time: what it returned is never moved again. Counts
 * terminal columns, so wide characters count double and may be broken anywhere. Owned by one thread.
 */
public final class WordWrap implements TextFlow {

    static final int TAB = 8;

    private int columns;
    private final StringBuilder word = new StringBuilder();
    private final StringBuilder blanks = new StringBuilder();
    private int wordWidth;
    private int column;
    private int hanging;

    /**
     * Wraps to a width.
     *
     * @param columns most columns of a line; 0 or less for no wrapping
     */
    public WordWrap(int columns) {
        resize(columns);
    }

    @Override
    public final void resize(int columns) {
        this.columns = columns > 0 ? columns : Integer.MAX_VALUE;
    }

    @Override
    public String push(String text) {
        var out = new StringBuilder();
        // With every character of a reply: a stream would cost more than the rest.
        for (int at = 0; at < text.length(); at = text.offsetByCodePoints(at, 1)) {
            take(text.codePointAt(at), out);
        }
        return out.toString();
    }

    @Override
    public String finish() {
        var out = new StringBuilder();
        place(out);
        blanks.setLength(0);
        return out.toString();
    }

    /** Puts a sequence that takes no room, such as a colour, before the next character. */
    void mark(String sequence) {
        word.append(sequence);
    }

    /** Has lines that go on begin so many columns to the right, as in lists. */
    void hang(int width) {
        hanging = width <= columns / 2 ? width : 0;
    }

    @Override
    public int room() {
        return room(column);
    }

    /** The same behind so many columns of a line that somebody else fills. */
    int room(int filled) {
        return columns == Integer.MAX_VALUE ? 0 : Math.max(0, columns - filled);
    }

    @Override
    public String separator(int width) {
        if (column == 0) {
            return "";
        }
        return column + 1 + width > columns ? "\n" : " ";
    }

    private void take(int c, StringBuilder out) {
        if (c == '\n') {
            place(out);
            blanks.setLength(0);
            out.append('\n');
            column = 0;
        } else if (Character.isWhitespace(c)) {
            place(out);
            blanks.appendCodePoint(c);
        } else {
            int width = Math.max(0, WCWidth.wcwidth(c));
            if (width > 1 || wordWidth + width > columns) {
                place(out);
            }
            word.appendCodePoint(c);
            wordWidth += width;
        }
    }

    /** Puts the finished word on this line or, where it does not fit, on the next. */
    private void place(StringBuilder out) {
        if (word.isEmpty()) {
            return;
        }
        int start = columnAfterBlanks();
        if (column > 0 && start + wordWidth > columns) {
            out.append('\n').repeat(' ', hanging);
            column = hanging;
        } else {
            out.append(blanks);
            column = start;
        }
        out.append(word);
        column += wordWidth;
        blanks.setLength(0);
        word.setLength(0);
        wordWidth = 0;
    }

    private int columnAfterBlanks() {
        int at = column;
        for (int i = 0; i < blanks.length(); i++) {
            at += blanks.charAt(i) == '\t' ? TAB - at % TAB : 1;
        }
        return at;
    }
}
