package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.render.Theme;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.UnaryOperator;
import org.jline.reader.LineReader;
import org.jline.reader.LineReader.Option;

/**
 * The prompt: line editing, history, completion and messages of several lines. Owned by the chat's thread.
 *
 * <p>{@code readLine} throws JLine's {@code UserInterruptException} on Ctrl-C and {@code EndOfFileException} on Ctrl-D.
 */
final class LineInput {

    private final ChatTerminal screen;
    private final ChatLineReader reader;
    private final String prompt;

    LineInput(ChatTerminal screen, CommandContext chat, Theme theme, ChatHistory history, UnaryOperator<String> hints) {
        this.screen = screen;
        prompt = theme.prompt("> ");
        try {
            reader = new ChatLineReader(screen, screen.isDumb() ? _ -> "" : hints);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reader.setParser(new MessageParser());
        reader.setCompleter(new CommandCompleter(chat));
        reader.setHistory(history);
        reader.setVariable(LineReader.SECONDARY_PROMPT_PATTERN, "... ");
        reader.setVariable(LineReader.SEARCH_TERMINATORS, "\n"); // an Escape may be the beginning of an arrow
        reader.option(Option.DISABLE_EVENT_EXPANSION, true); // "!" and backslashes are prose
        reader.option(Option.HISTORY_IGNORE_DUPS, true);
        reader.option(Option.HISTORY_TIMESTAMPED, false);
        reader.option(Option.AUTO_FRESH_LINE, false);
        if (theme.isPlain()) {
            reader.setVariable(LineReader.COMPLETION_STYLE_STARTING, "");
            reader.setVariable(LineReader.COMPLETION_STYLE_DESCRIPTION, "");
        }
        ChatKeys.bind(screen, reader, chat);
    }

    /**
     * The next message, which begins with what was typed while there was no prompt: what came before a Ctrl-C is on the prompt
     * and not sent.
     *
     * @param draft stands on the prompt already
     */
    String readLine(String draft) {
        String stopped = screen.typed().takeStopped();
        String text = draft.isEmpty() || stopped.isEmpty() ? draft + stopped : draft + "\n" + stopped;
        reader.runMacro(screen.typed().take());
        return reader.readLine(prompt, null, (Character) null, text.isEmpty() ? null : text);
    }
}
