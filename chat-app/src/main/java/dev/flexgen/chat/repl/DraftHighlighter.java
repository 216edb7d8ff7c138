package dev.flexgen.chat.repl;

import dev.flexgen.config.PlainText;
import org.jline.reader.LineReader;
import org.jline.reader.impl.DefaultHighlighter;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;
import org.jline.utils.WCWidth;

/**
 * Shows the draft as the line editor does, with the marks that join the letter before them: accents, Thai and Indian vowels, parts
 * of Korean syllables. The editor's own leaves out whatever has no width, which also keeps invisible characters from the terminal.
 */
final class DraftHighlighter extends DefaultHighlighter {

    private static final int FIRST_VARIATION = 0xFE00;
    private static final int LAST_VARIATION = 0xFE0F;

    @Override
    public AttributedString highlight(LineReader reader, String buffer) {
        AttributedString shown = super.highlight(reader, buffer);
        if (buffer.chars().noneMatch(DraftHighlighter::joins)) {
            return shown;
        }
        var whole = new AttributedStringBuilder();
        int at = 0;
        for (int i = 0; i < buffer.length(); i++) {
            char c = buffer.charAt(i);
            if (joins(c)) {
                whole.append(Character.toString(c), at == 0 ? AttributedStyle.DEFAULT : shown.styleAt(at - 1));
            } else {
                int end = at + shownChars(c);
                whole.append(shown, at, end);
                at = end;
            }
        }
        return whole.toAttributedString();
    }

    /** Whether a character without a width changes how the one before it looks, and does nothing else to a terminal. */
    private static boolean joins(int c) {
        return c > '\u007f'
                && WCWidth.wcwidth(c) == 0
                && (c < FIRST_VARIATION || c > LAST_VARIATION)
                && PlainText.line(Character.toString(c)).equals(Character.toString(c));
    }

    /** How many the editor shows for one that it was given. */
    private static int shownChars(char c) {
        if (c == '\t' || c == '\n') {
            return 1;
        }
        if (c < ' ') {
            return "^X".length();
        }
        return WCWidth.wcwidth(c) > 0 ? 1 : 0;
    }
}
