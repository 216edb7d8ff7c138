package dev.flexgen.chat.repl;

import java.util.ArrayList;
import java.util.List;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.WCWidth;
import org.jspecify.annotations.Nullable;

/**
 * Draws the lines that are being edited. The line editor's own display finds differences char by char, which tears surrogate
 * pairs apart, and gets into a terminal's last column by printing one char there, which fails where a wide character ends. This
 * one draws a changed line from its first difference between whole characters to its end, never relies on the terminal to wrap,
 * and where widths differ between terminals has the terminal itself find the cursor's column. A hint stands at the right of the first
 * line, or of the last, or in a row of its own, wherever there is room. Used under the line editor's lock.
 */
final class LineDisplay extends Display {

    private static final int ZERO_WIDTH_JOINER = 0x200D;
    private static final int EMOJI_STYLE = 0xFE0F;
    private static final int FIRST_REGIONAL_INDICATOR = 0x1F1E6;
    private static final int LAST_SKIN_TONE = 0x1F3FF;
    private static final int FIRST_SKIN_TONE = 0x1F3FB;
    private static final int LAST_REGIONAL_INDICATOR = 0x1F1FF;

    /** Blanks between a line and the hint behind it. */
    private static final int LEAST_GAP = 3;

    private AttributedString hint = AttributedString.EMPTY;

    LineDisplay(Terminal terminal) {
        super(terminal, false);
    }

    /** What to show beside the lines from the next update on; empty for nothing. */
    void hint(AttributedString text) {
        hint = text;
    }

    @Override
    public void update(List<AttributedString> newLines, int targetCursorPos, boolean flush) {
        List<AttributedString> lines = drawable(newLines);
        for (int row = 0; row < Math.max(lines.size(), oldLines.size()); row++) {
            draw(row, row < oldLines.size() ? oldLines.get(row) : null, row < lines.size() ? lines.get(row) : null);
        }
        oldLines = lines;
        if (targetCursorPos >= 0) {
            moveTo(targetCursorPos, lines);
        }
        if (flush) {
            terminal.flush();
        }
    }

    private List<AttributedString> drawable(List<AttributedString> lines) {
        Integer colors = terminal.getNumericCapability(Capability.max_colors);
        boolean plain = colors == null || colors < 8;
        List<AttributedString> drawable = new ArrayList<>();
        for (AttributedString line : lines) {
            int length = line.length();
            var text = length > 0 && line.charAt(length - 1) == '\n' ? line.substring(0, length - 1) : line;
            drawable.add(plain ? new AttributedString(text.toString()) : text);
        }
        addHint(drawable);
        return drawable;
    }

    private void addHint(List<AttributedString> lines) {
        int width = hint.columnLength();
        if (width == 0 || width > columns) {
            return;
        }
        int last = lines.size() - 1;
        int row = fits(lines.getFirst(), width) ? 0 : fits(lines.get(last), width) ? last : lines.size();
        if (row < lines.size()) {
            lines.set(row, withHint(lines.get(row)));
        } else if (row < rows) {
            lines.add(withHint(AttributedString.EMPTY));
        }
    }

    private boolean fits(AttributedString line, int width) {
        return line.columnLength() + LEAST_GAP + width <= columns;
    }

    private AttributedString withHint(AttributedString line) {
        int gap = columns - hint.columnLength() - line.columnLength();
        return AttributedString.join(AttributedString.EMPTY, line, new AttributedString(" ".repeat(gap)), hint);
    }

    private void draw(int row, @Nullable AttributedString old, @Nullable AttributedString line) {
        var before = old == null ? AttributedString.EMPTY : old;
        var now = line == null ? AttributedString.EMPTY : line;
        if (before.equals(now)) {
            return;
        }
        int same = isAmbiguous(before) || isAmbiguous(now) ? 0 : commonStart(before, now);
        cursorPos = moveVisualCursorTo(row * columns1 + now.substring(0, same).columnLength());
        now.substring(same, now.length()).print(terminal);
        int width = now.columnLength();
        cursorPos = row * columns1 + Math.min(width, columns);
        if (width < columns && !before.isEmpty()) {
            terminal.puts(Capability.clr_eol);
        }
    }

    /** Only the terminal knows how wide some characters are; it is asked by printing them again. */
    private void moveTo(int target, List<AttributedString> lines) {
        int row = target / columns1;
        int column = target % columns1;
        boolean full = column == columns;
        if (row < lines.size() && column > 0 && !full && isAmbiguous(lines.get(row))) {
            moveVisualCursorTo(row * columns1);
            terminal.puts(Capability.carriage_return);
            lines.get(row).columnSubSequence(0, column).print(terminal);
            cursorPos = target;
        } else {
            moveVisualCursorTo(full ? (row + 1) * columns1 : target);
        }
    }

    /** How many chars are the same at the start of both, up to the start of a whole character. */
    private static int commonStart(AttributedString one, AttributedString other) {
        int length = Math.min(one.length(), other.length());
        int same = 0;
        while (same < length
                && one.charAt(same) == other.charAt(same)
                && one.styleAt(same).equals(other.styleAt(same))) {
            same++;
        }
        while (same > 0 && (continues(one, same) || continues(other, same))) {
            same--;
        }
        return same;
    }

    /** Whether what begins at {@code at} belongs to the character before. */
    private static boolean continues(AttributedString text, int at) {
        return at < text.length()
                && (Character.isLowSurrogate(text.charAt(at)) || WCWidth.wcwidth(text.codePointAt(at)) == 0);
    }

    /** Whether it has characters that some terminals join into one, and others don't. */
    private static boolean isAmbiguous(AttributedString text) {
        return text.codePoints()
                .anyMatch(c -> c == ZERO_WIDTH_JOINER
                        || c == EMOJI_STYLE
                        || (c >= FIRST_SKIN_TONE && c <= LAST_SKIN_TONE)
                        || (c >= FIRST_REGIONAL_INDICATOR && c <= LAST_REGIONAL_INDICATOR));
    }
}
