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
    private String tail = "";
    private List<String> rows = List.of();
    private boolean visible;

    LiveFooter(Theme theme) {
        this.theme = theme;
    }

    /**
     * Shows this in place of what was shown.
     *
     * @param newTail behind the text; must fit the line
     * @param newRows below; each must fit a row
     * @return what to send to the terminal; empty if that is shown already
     */
    String show(String newTail, List<String> newRows) {
        if (visible && newTail.equals(tail) && newRows.equals(rows)) {
            return "";
        }
        String erase = erase();
        if (newTail.isEmpty() && newRows.isEmpty()) {
            return erase;
        }
        tail = newTail;
        rows = List.copyOf(newRows);
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

    /** Takes it away; to be sent before any text. */
    String erase() {
        if (!visible) {
            return "";
        }
        visible = false;
        return rows.isEmpty()
                ? ERASE_LINE
                : ERASE_LINE + SAVE_CURSOR + (NEXT_ROW + ERASE_LINE).repeat(rows.size()) + BACK;
    }

    /** The same where the window has another size, so that nobody knows how many rows it takes. */
    String eraseResized() {
        boolean was = visible;
        visible = false;
        return was ? ERASE_ALL_FROM_HERE : "";
    }
}
