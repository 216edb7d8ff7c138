package dev.flexgen.chat.repl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jline.utils.WCWidth;

/** As much of a terminal as the line editor uses: wraps only when a character is printed behind a full line, as xterm does. */
final class WideScreen {

    private static final Pattern SEQUENCE = Pattern.compile("\u001b\\[([0-9]*)([A-Za-z])");

    private final int columns;
    private final String[][] cells;
    private int row;
    private int column;

    WideScreen(int columns, int rows) {
        this.columns = columns;
        cells = new String[rows][columns];
        for (String[] line : cells) {
            Arrays.fill(line, " ");
        }
    }

    void write(String text) {
        Matcher sequence = SEQUENCE.matcher(text);
        for (int at = 0; at < text.length(); ) {
            if (sequence.region(at, text.length()).lookingAt()) {
                obey(
                        sequence.group(2).charAt(0),
                        sequence.group(1).isEmpty() ? 1 : Integer.parseInt(sequence.group(1)));
                at = sequence.end();
            } else {
                int c = text.codePointAt(at);
                print(c);
                at += Character.charCount(c);
            }
        }
    }

    private void obey(char command, int count) {
        switch (command) {
            case 'A' -> row -= count;
            case 'B' -> row += count;
            case 'C' -> column += count;
            case 'D' -> column -= count;
            case 'K' -> Arrays.fill(cells[row], Math.min(column, columns - 1), columns, " ");
            default -> throw new AssertionError("a sequence that this screen does not know: " + command);
        }
    }

    private void print(int c) {
        switch (c) {
            case '\r' -> column = 0;
            case '\n' -> row++;
            case '\b' -> column--;
            default -> {
                int width = WCWidth.wcwidth(c);
                if (width == 0) {
                    cells[row][column - 1] += Character.toString(c);
                    return;
                }
                if (column + width > columns) {
                    row++;
                    column = 0;
                }
                cells[row][column] = Character.toString(c);
                if (width == 2) {
                    cells[row][column + 1] = "";
                }
                column += width;
            }
        }
    }

    /** Without blanks at their ends and empty lines behind the last. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (String[] line : cells) {
            lines.add(String.join("", line).stripTrailing());
        }
        while (lines.size() > 1 && lines.getLast().isEmpty()) {
            lines.removeLast();
        }
        return lines;
    }
}
