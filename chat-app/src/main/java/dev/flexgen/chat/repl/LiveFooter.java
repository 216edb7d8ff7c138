package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.render.Theme;
import java.util.List;

/**
 * What stands behind the text of a reply and in the rows below while the reply is made. The cursor stays at the end of the text, so
 * that text can follow at any time, and no mode of the terminal is changed: whatever ends the program, there is nothing to restore,
 * and to erase from the cursor on is enough. Makes sequences and writes nothing. Owned by who shows the reply.
 *
 * <p>JLine's status line is not used: it sets a scroll region, which stays behind when the process is killed and loses lines when
 * the window is resized.
 */
final class LiveFooter {

    /** Down one row, scrolling where there is none below; the column stays. */
    private static final String INDEX = "\u001bD";

    private static final String SAVE_CURSOR = "\u001b7";
    private static final String BACK = "\u001b8";
    private static final String NEXT_ROW = "\u001b[B\r";
    private static final String ERASE_LINE = "\u001b[K";
    private static final String ERASE_ALL_FROM_HERE = "\u001b[J";

    private final Theme theme;
    private Content shown = Content.NONE;
    private boolean visible;

    LiveFooter(Theme theme) {
        this.theme = theme;
    }

    /**
     * What it shows.
     *
     * @param tail behind the text; must fit the line
     * @param rows below; each must fit a row
     */
    record Content(String tail, List<String> rows) {

        static final Content NONE = new Content("", List.of());

        Content {
            rows = List.copyOf(rows);
        }
    }

    /** Whether anything of it is on the screen. */
    boolean isThere() {
        return visible;
    }

    /** Whether it is on the screen and has nothing behind the text, so that text in the same row leaves it as it is. */
    boolean isBelow() {
        return visible && shown.tail().isEmpty();
    }

    /**
     * Shows this in place of what was shown.
     *
     * @return what to send to the terminal; empty if that is shown already
     */
    String show(Content content) {
        if (visible && content.equals(shown)) {
            return "";
        }
        String erase = erase();
        if (content.equals(Content.NONE)) {
            return erase;
        }
        shown = content;
        String tail = content.tail();
        List<String> rows = content.rows();
        visible = true;
        StringBuilder out = new StringBuilder(erase);
        if (!rows.isEmpty()) {
            out.repeat(INDEX, rows.size()).append("\u001b[").append(rows.size()).append('A');
        }
        out.append(SAVE_CURSOR).append(tail.isEmpty() ? "" : theme.dim(tail));
        for (String row : rows) {
            out.append(NEXT_ROW).append(theme.dim(row));
        }
        return out.append(BACK).toString();
    }

    /**
     * Shows more of the text, and this behind and below it. Rows that are there already stay, since to draw them again with every
     * word costs more than the words.
     *
     * @param inRow whether the text stays in the row that the cursor is in
     */
    String follow(String text, boolean inRow, Content content) {
        boolean stays = inRow && isBelow() && content.equals(shown);
        return stays ? text : erase() + text + show(content);
    }

    /** Takes it away; to be sent before any text but that of {@link #follow}. */
    String erase() {
        if (!visible) {
            return "";
        }
        visible = false;
        int rows = shown.rows().size();
        return rows == 0 ? ERASE_LINE : ERASE_LINE + SAVE_CURSOR + (NEXT_ROW + ERASE_LINE).repeat(rows) + BACK;
    }

    /** The same where the window has another size, so that nobody knows how many rows it takes. */
    String eraseResized() {
        boolean was = visible;
        visible = false;
        return was ? ERASE_ALL_FROM_HERE : "";
    }
}
