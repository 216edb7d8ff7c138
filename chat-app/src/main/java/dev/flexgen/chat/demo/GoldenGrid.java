package dev.flexgen.chat.demo;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a screen should look like at the end of a demo, row by row. Where machines and versions of a model may differ it has blanks:
 * <code>{n}</code> for a number, <code>{text}</code> for anything within a row that is not empty, <code>{*}</code> for the same or
 * nothing, and a row <code>{rows}</code> for one or more rows of any text.
 */
public final class GoldenGrid {

    private static final Pattern BLANK = Pattern.compile("\\{(n|text|\\*)\\}");

    private final List<String> rows;

    private GoldenGrid(List<String> rows) {
        this.rows = rows;
    }

    public static GoldenGrid of(String text) {
        return new GoldenGrid(
                text.stripTrailing().lines().map(String::stripTrailing).toList());
    }

    /**
     * Compares.
     *
     * @param screen its rows, without those that are empty at its end
     * @return what is wrong with it; empty if it is as it should be
     */
    public Optional<String> difference(String screen) {
        if (pattern(rows.size()).matcher(screen).matches()) {
            return Optional.empty();
        }
        int like = rows.size() - 1;
        while (like > 0 && !begins(like, screen)) {
            like--;
        }
        return Optional.of("the screen differs from the golden grid in the grid's row " + (like + 1) + ", which is: "
                + rows.get(like));
    }

    private boolean begins(int count, String screen) {
        return Pattern.compile(pattern(count).pattern() + "(?=\n|$)")
                .matcher(screen)
                .lookingAt();
    }

    private Pattern pattern(int count) {
        var pattern = new StringBuilder();
        for (int row = 0; row < count; row++) {
            pattern.append(row == 0 ? "" : "\n");
            append(pattern, rows.get(row));
        }
        return Pattern.compile(pattern.toString());
    }

    private static void append(StringBuilder pattern, String row) {
        if (row.equals("{rows}")) {
            pattern.append("[^\n]+(?:\n[^\n]*)*?");
            return;
        }
        Matcher blank = BLANK.matcher(row);
        int at = 0;
        while (blank.find()) {
            pattern.append(Pattern.quote(row.substring(at, blank.start())));
            pattern.append(
                    switch (blank.group(1)) {
                        case "n" -> "[0-9][0-9.,]*";
                        case "text" -> "[^\n]+?";
                        default -> "[^\n]*?";
                    });
            at = blank.end();
        }
        pattern.append(Pattern.quote(row.substring(at)));
    }
}
