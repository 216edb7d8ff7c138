package dev.flexgen.chat.repl.render;

import java.util.ArrayList;
import java.util.List;

/** Several texts with their numbers: side by side where the terminal is wide enough, else one under the other. Pure functions. */
public final class SideBySide {

    private static final int LEAST_WIDTH = 28;
    private static final String GAP = " \u2502 ";

    private SideBySide() {}

    /** Lines for a terminal of so many columns. */
    public static List<String> of(List<String> texts, int columns) {
        int width = (columns - 1 - GAP.length() * (texts.size() - 1)) / Math.max(1, texts.size());
        return width < LEAST_WIDTH ? below(texts, columns - 2) : beside(texts, width);
    }

    private static List<String> below(List<String> texts, int width) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            lines.add("[" + (i + 1) + "]");
            lines.addAll(wrapped(texts.get(i), width));
        }
        return lines;
    }

    private static List<String> beside(List<String> texts, int width) {
        List<List<String>> columns = new ArrayList<>();
        int height = 0;
        for (int i = 0; i < texts.size(); i++) {
            List<String> column = new ArrayList<>();
            column.add("[" + (i + 1) + "]");
            column.addAll(wrapped(texts.get(i), width));
            columns.add(column);
            height = Math.max(height, column.size());
        }
        List<String> lines = new ArrayList<>();
        for (int row = 0; row < height; row++) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns.size(); i++) {
                String cell = row < columns.get(i).size() ? columns.get(i).get(row) : "";
                line.append(i == 0 ? "" : GAP).append(cell).repeat(' ', Math.max(0, width - Columns.of(cell)));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    private static List<String> wrapped(String text, int width) {
        WordWrap wrap = new WordWrap(width);
        return (wrap.push(text) + wrap.finish()).lines().toList();
    }
}
