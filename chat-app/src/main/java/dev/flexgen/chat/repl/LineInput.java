package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.render.Theme;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jline.reader.LineReader;
import org.jline.reader.LineReader.Option;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.terminal.Terminal;

/**
 * The prompt: line editing, history, completion and messages of several lines. Owned by the chat's thread.
 *
 * <p>{@code readLine} throws JLine's {@code UserInterruptException} on Ctrl-C and {@code EndOfFileException} on Ctrl-D.
 */
final class LineInput {

    private static final String SEND = "flexgen-send-or-continue";

    private final Terminal terminal;
    private final LineReader reader;
    private final String prompt;

    LineInput(Terminal terminal, Commands commands, Theme theme, Optional<Path> history) {
        this.terminal = terminal;
        prompt = theme.prompt("> ");
        reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .appName("flexgen-chat")
                .parser(new MessageParser())
                .completer(new CommandCompleter(commands))
                .variable(LineReader.SECONDARY_PROMPT_PATTERN, "... ")
                .option(Option.DISABLE_EVENT_EXPANSION, true) // "!" and backslashes are prose
                .option(Option.HISTORY_IGNORE_DUPS, true)
                .option(Option.HISTORY_TIMESTAMPED, false)
                .option(Option.AUTO_FRESH_LINE, false)
                .build();
        history.ifPresent(file -> reader.setVariable(LineReader.HISTORY_FILE, file));
        if (theme.isPlain()) {
            reader.setVariable(LineReader.COMPLETION_STYLE_STARTING, "");
            reader.setVariable(LineReader.COMPLETION_STYLE_DESCRIPTION, "");
        }
        reader.getWidgets().put(SEND, this::sendOrContinue);
        Objects.requireNonNull(reader.getKeyMaps().get(LineReader.MAIN)).bind(new Reference(SEND), "\r", "\n");
    }

    /** Lets the prompt begin with what was typed during the reply that has just ended. */
    void takeTypeAhead() {
        reader.runMacro(TypeAhead.take(terminal));
    }

    String readLine() {
        return reader.readLine(prompt);
    }

    /** A backslash at the end of the text becomes a line break; unless it is inside a fence, where text is literal. */
    private boolean sendOrContinue() {
        var buffer = reader.getBuffer();
        if (buffer.cursor() == buffer.length() && endsWithOneBackslash(buffer.toString())) {
            buffer.backspace();
            buffer.write("\n");
        } else {
            reader.callWidget(LineReader.ACCEPT_LINE);
        }
        return true;
    }

    private static boolean endsWithOneBackslash(String text) {
        return text.endsWith("\\") && !text.endsWith("\\\\") && !UserInput.isOpen(text);
    }
}
