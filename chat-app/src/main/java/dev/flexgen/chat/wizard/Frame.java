package dev.flexgen.chat.wizard;

import dev.flexgen.chat.repl.render.Columns;
import dev.flexgen.chat.wizard.Line.Style;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The whole screen as lines: title, page, notice, keys. A pure function of the state and the size. */
public final class Frame {

    private static final String NAME = "flexgen-chat setup";
    private static final String MARGIN = "  ";
    private static final int MOST_WIDTH = 92;

    /** Lower than this, and narrower than that, nothing is left blank that need not be. */
    private static final int LOW = 12;

    private static final int NARROW = 40;

    /** Of a page, even if the keys must make way for a notice. */
    private static final int LEAST_BODY = 3;

    private static final String KEY_GAP = "   ";

    private Frame() {}

    /**
     * As many lines as the screen has rows, none wider than it has columns. What does not fit is said to be missing, but
     * for a list of models, which moves with the keys, and where there is but one row for it.
     */
    public static List<Line> of(WizardState state, int columns, int rows) {
        boolean airy = rows >= LOW;
        return lines(state, columns, rows, airy)
                .or(() -> lines(state, columns, rows, false))
                .orElseThrow();
    }

    /** Empty if the page does not fit and would have more room without blank lines around it. */
    private static Optional<List<Line>> lines(WizardState state, int columns, int rows, boolean airy) {
        Page page = state.page().page();
        String margin = columns < NARROW ? "" : MARGIN;
        int width = Math.clamp(columns - 2L * margin.length(), 10, MOST_WIDTH);
        List<Line> blank = airy ? List.of(Line.BLANK) : List.of();
        List<Line> lines = new ArrayList<>(List.of(title(page, width)));
        lines.addAll(blank);
        List<Line> foot = foot(page, state, width, blank, rows - lines.size());
        int body = Math.max(1, rows - lines.size() - foot.size());
        List<Line> content = page.lines(state, width, body);
        if (airy && content.size() > body) {
            return Optional.empty();
        }
        lines.addAll(body(content, body, page.writes(state)));
        while (lines.size() + foot.size() < rows) {
            lines.add(Line.BLANK);
        }
        lines.addAll(foot);
        return Optional.of(lines.stream()
                .limit(rows)
                .map(line -> new Line(line.style(), Columns.fit(margin + line.text(), columns)))
                .toList());
    }

    private static Line title(Page page, int width) {
        String whole = NAME + " - " + page.title();
        return new Line(Style.STRONG, whole.length() <= width ? whole : page.title());
    }

    /** The notice and the keys; what is new comes before what stays the same. */
    private static List<Line> foot(Page page, WizardState state, int width, List<Line> blank, int room) {
        List<Line> notice = state.notice().isEmpty() ? List.of() : Line.wrapped(Style.ERROR, state.notice(), width);
        List<Line> foot = new ArrayList<>(cut(notice, Math.max(1, room - 1)));
        List<Line> keys = keys(page.keys(state), width);
        if (foot.isEmpty() || foot.size() + blank.size() + keys.size() + LEAST_BODY <= room) {
            foot.addAll(blank);
            foot.addAll(keys);
        }
        return foot;
    }

    /** As many of the keys on a line as fit. */
    private static List<Line> keys(String all, int width) {
        List<Line> lines = new ArrayList<>();
        String line = "";
        for (String key : all.split(KEY_GAP, -1)) {
            String longer = line.isEmpty() ? key : line + KEY_GAP + key;
            if (!line.isEmpty() && longer.length() > width) {
                lines.add(Line.dim(line));
                longer = key;
            }
            line = longer;
        }
        lines.add(Line.dim(line));
        return lines;
    }

    /** So much of a page that the selected row is seen: its beginning at least, or its end where somebody types. */
    private static List<Line> body(List<Line> content, int room, boolean typing) {
        if (content.size() <= room) {
            return content;
        }
        List<Style> styles = content.stream().map(Line::style).toList();
        int last = Math.max(0, styles.lastIndexOf(Style.SELECTED));
        int first = last;
        while (first > 0 && styles.get(first - 1) == Style.SELECTED) {
            first--;
        }
        int toEnd = Math.max(0, last - Math.max(0, room - 2));
        int hidden = typing ? toEnd : Math.min(first, toEnd);
        return cut(content.subList(hidden, content.size()), room, hidden > 0);
    }

    private static List<Line> cut(List<Line> lines, int room) {
        return cut(lines, room, false);
    }

    private static List<Line> cut(List<Line> lines, int room, boolean already) {
        if ((!already && lines.size() <= room) || room < 2) {
            return lines.subList(0, Math.min(room, lines.size()));
        }
        List<Line> some = new ArrayList<>(lines.subList(0, Math.min(room - 1, lines.size())));
        some.add(Line.CUT);
        return some;
    }
}
