package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.TextEditor;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The program in {@code VISUAL} or {@code EDITOR}, else {@code vi}, which has the terminal meanwhile. For the chat's thread. */
final class ExternalEditor implements TextEditor {

    private static final int NOT_FOUND = 127;

    private final ChatTerminal screen;
    private final Map<String, String> environment;

    ExternalEditor(ChatTerminal screen, Map<String, String> environment) {
        this.screen = screen;
        this.environment = environment;
    }

    @Override
    public String edit(String text) throws IOException {
        Path folder = Files.createTempDirectory("flexgen-chat"); // for the user alone
        Path file = folder.resolve("message.txt");
        try {
            Files.writeString(file, text);
            run(file);
            return Files.readString(file).stripTrailing();
        } catch (CharacterCodingException e) {
            throw new IOException("what the editor wrote is no UTF-8 text; your message is unchanged", e);
        } finally {
            try (Stream<Path> left = Files.list(folder)) { // editors keep copies
                for (Path one : left.toList()) {
                    Files.deleteIfExists(one);
                }
            }
            Files.deleteIfExists(folder);
        }
    }

    private void run(Path file) throws IOException {
        String editor = Stream.of("VISUAL", "EDITOR")
                .map(environment::get)
                .filter(Objects::nonNull)
                .filter(value -> !value.isBlank())
                .findFirst()
                .orElse("vi");
        screen.leave();
        int code;
        try {
            // By the shell, since the variable may hold options too.
            code = end(new ProcessBuilder("/bin/sh", "-c", editor + " \"$1\"", "sh", file.toString())
                    .inheritIO()
                    .start());
        } finally {
            screen.enter();
        }
        if (code != 0) {
            throw new IOException(
                    code == NOT_FOUND
                            ? "there is no editor '" + editor + "' here; name one in VISUAL or EDITOR"
                            : editor + " ended with code " + code + "; your message is unchanged");
        }
    }

    /** A Ctrl-C meanwhile is the editor's, although the line editor interrupts this thread for it. */
    private static int end(Process editor) {
        while (true) {
            try {
                return editor.waitFor();
            } catch (InterruptedException meantForTheEditor) {
                // it goes on
            }
        }
    }
}
