package dev.flexgen.chat.wizard;

import dev.flexgen.chat.wizard.Line.Style;
import java.util.ArrayList;
import java.util.List;

/** The whole screen as lines: title, page, notice, keys. A pure function of the state and the size. */
public final class Frame {

    private static final String NAME = "flexgen-chat setup";
    private static final String MARGIN = "  ";
    private static final int MOST_WIDTH = 92;
    private static final int HEAD = 2;

    private Frame() {}

    /** As many lines as the screen has rows, none wider than it has columns. */
    public static List<Line> of(WizardState state, int columns, int rows) {
        Page page = state.page().page();
        int width = Math.clamp(columns - 2L * MARGIN.length(), 10, MOST_WIDTH);
        List<Line> notice = state.notice().isEmpty() ? List.of() : Line.wrapped(Style.ERROR, state.notice(), width);
        int body = Math.max(1, rows - HEAD - notice.size() - 2);
        List<Line> lines = new ArrayList<>();
        lines.add(new Line(Style.STRONG, MARGIN + NAME + " - " + page.title()));
        lines.add(Line.BLANK);
        List<Line> content = page.lines(state, width, body);
        content.stream()
                .skip(hidden(content, body))
                .limit(body)
                .map(Frame::indented)
                .forEach(lines::add);
        while (lines.size() < HEAD + body) {
            lines.add(Line.BLANK);
        }
        notice.stream().map(Frame::indented).forEach(lines::add);
        lines.add(Line.BLANK);
        lines.add(new Line(Style.DIM, MARGIN + page.keys(state)));
        // On a screen too low for all of it, the page matters more than its frame.
        return lines.stream().limit(rows).map(line -> clipped(line, columns)).toList();
    }

    /** Lines to leave out above, so that on a low screen the selected one is seen. */
    private static int hidden(List<Line> content, int room) {
        int selected = 0;
        for (int i = 0; i < content.size(); i++) {
            if (content.get(i).style() == Style.SELECTED) {
                selected = i;
            }
        }
        return Math.max(0, selected - room + 1);
    }

    private static Line indented(Line line) {
        return new Line(line.style(), MARGIN + line.text());
    }

    private static Line clipped(Line line, int columns) {
        return line.text().length() <= columns
                ? line
                : new Line(line.style(), line.text().substring(0, columns));
    }
}
