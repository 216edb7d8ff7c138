package dev.flexgen.chat.demo;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Lines out of keys as a terminal makes them that is left alone: with an echo, Backspace, Ctrl-U, Ctrl-C and Ctrl-D. */
final class KeyedLines {

    private static final int CTRL_C = 3;
    private static final int CTRL_D = 4;
    private static final int CTRL_U = 21;
    private static final int ESCAPE = 27;
    private static final int BACKSPACE = 127;

    private final IntSupplier keys;
    private final Consumer<String> screen;

    /** @param keys bytes of UTF-8, negative at their end */
    KeyedLines(IntSupplier keys, Consumer<String> screen) {
        this.keys = keys;
        this.screen = screen;
    }

    /** The next line without its end; null when there is none. */
    @Nullable
    String readLine(String prompt) {
        screen.accept(prompt);
        var line = new StringBuilder();
        while (true) {
            int key = keys.getAsInt();
            if (key < 0 || (key == CTRL_D && line.isEmpty())) {
                return null;
            }
            switch (key) {
                case '\r', '\n' -> {
                    screen.accept("\n");
                    return line.toString();
                }
                case CTRL_C -> {
                    line.setLength(0);
                    screen.accept("^C\n" + prompt);
                }
                case CTRL_U -> {
                    while (!line.isEmpty()) {
                        back(line);
                    }
                }
                case '\b', BACKSPACE -> back(line);
                case ESCAPE -> skipSequence();
                default -> {
                    if (key >= ' ') {
                        String text = character(key);
                        line.append(text);
                        screen.accept(text);
                    }
                }
            }
        }
    }

    private void back(StringBuilder line) {
        if (!line.isEmpty()) {
            line.setLength(line.length() - Character.charCount(line.codePointBefore(line.length())));
            screen.accept("\b \b");
        }
    }

    /** An arrow or the like. */
    private void skipSequence() {
        int key = keys.getAsInt();
        if (key == 'O') {
            var _ = keys.getAsInt();
        } else if (key == '[') {
            do {
                key = keys.getAsInt();
            } while (key >= ' ' && key < '@');
        }
    }

    private String character(int first) {
        var bytes = new ByteArrayOutputStream();
        bytes.write(first);
        int more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        for (int i = 0; i < more; i++) {
            bytes.write(keys.getAsInt());
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
