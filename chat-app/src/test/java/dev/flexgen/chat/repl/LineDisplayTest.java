package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jline.terminal.Size;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;

/** What is sent to the terminal for lines that change, looked at by a terminal of our own that knows wide characters. */
class LineDisplayTest {

    private static final String[] CHARACTERS = {"a", "b", " ", "漢", "字", "😀", "😁", "é", "e\u0301", "⭐", "ж"};
    private static final int ROWS = 12;

    private final Random random = new Random(11);

    @Test
    void theScreenShowsTheLinesAfterAnyChange() throws Exception {
        for (int columns : new int[] {20, 21}) {
            var sent = new ByteArrayOutputStream();
            try (var terminal = new LineDisciplineTerminal("test", "xterm", sent, StandardCharsets.UTF_8)) {
                terminal.setSize(new Size(columns, ROWS));
                var display = new LineDisplay(terminal);
                display.resize(ROWS, columns);
                var screen = new WideScreen(columns, ROWS);
                List<String> text = new ArrayList<>();
                for (int change = 0; change < 400; change++) {
                    edit(text);
                    var whole = new AttributedString("> " + String.join("", text));
                    List<AttributedString> lines = whole.columnSplitLength(columns, true, false);
                    int row = random.nextInt(lines.size());
                    int width = lines.get(row).columnLength();
                    int cursor = row * (columns + 1) + (random.nextBoolean() ? width : 0);
                    display.update(lines, cursor, true);
                    screen.write(sent.toString(StandardCharsets.UTF_8));
                    sent.reset();

                    assertThat(screen.lines())
                            .as("change " + change)
                            .isEqualTo(lines.stream()
                                    .map(line -> line.toString().stripTrailing())
                                    .toList());
                }
            }
        }
    }

    private void edit(List<String> text) {
        boolean shorter = text.size() > 60 || (!text.isEmpty() && random.nextInt(3) == 0);
        int at = random.nextInt(text.size() + (shorter ? 0 : 1));
        if (shorter) {
            text.remove(at);
        } else {
            text.add(at, CHARACTERS[random.nextInt(CHARACTERS.length)]);
        }
    }
}
