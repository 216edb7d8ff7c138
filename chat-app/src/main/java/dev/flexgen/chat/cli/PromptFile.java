package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.TextLines;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Prompts out of a text, one a line: JSON objects if the first line begins with a brace, plain text otherwise. Empty lines
 * are passed over. Read as it is needed, so that a pipe is answered line by line.
 */
final class PromptFile {

    private static final int LONGEST_LINE = 1 << 24;

    private final String name;
    private final TextLines lines;
    private @Nullable Boolean json;
    private int number;

    /**
     * The caller closes the stream.
     *
     * @param name for messages
     */
    PromptFile(String name, InputStream stream) {
        this.name = name;
        this.lines = new TextLines(stream, LONGEST_LINE);
    }

    /** The next prompt; empty at the end. {@link CommandException} names the line it cannot make sense of. */
    Optional<Prompt> next() {
        try {
            for (TextLines.Line line = lines.next(); line != null; line = lines.next()) {
                number = line.number();
                switch (line) {
                    case TextLines.Line.Text(int _, String text) when text.isBlank() -> {}
                    case TextLines.Line.Text(int _, String text) -> {
                        return Optional.of(prompt(text));
                    }
                    case TextLines.Line.Unusable(int _, String reason) -> throw bad(reason);
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw TextLines.unreadable(name, e);
        }
    }

    /** Where the prompt returned last stands: {@code line 3 of prompts.jsonl}. */
    String position() {
        return "line " + number + " of " + name;
    }

    private Prompt prompt(String line) {
        if (json == null) {
            json = line.stripLeading().startsWith("{");
        }
        if (!json) {
            return new Prompt.Text(line);
        }
        try {
            return JsonPrompt.parse(line);
        } catch (IllegalArgumentException e) {
            throw bad(String.valueOf(e.getMessage()));
        }
    }

    private CommandException bad(String what) {
        return CommandException.usage(position() + " " + what);
    }
}
