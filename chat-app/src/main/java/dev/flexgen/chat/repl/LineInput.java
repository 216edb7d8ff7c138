package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.render.Theme;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReader.Option;
import org.jline.reader.UserInterruptException;

/**
 * The prompt: line editing, history, completion and messages of several lines. Owned by the chat's thread.
 *
 * <p>{@code readLine} throws JLine's {@code UserInterruptException} on Ctrl-C and {@code EndOfFileException} on Ctrl-D.
 */
final class LineInput {

    private static final Duration REFRESH = Duration.ofMillis(500);

    private final ChatTerminal screen;
    private final ChatLineReader reader;
    private final String prompt;
    private boolean asking;

    LineInput(ChatTerminal screen, CommandContext chat, Theme theme, ChatHistory history, UnaryOperator<String> hints) {
        this.screen = screen;
        prompt = theme.prompt("> ");
        try {
            reader = new ChatLineReader(screen, text -> screen.isDumb() || asking ? "" : hints.apply(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reader.setParser(new MessageParser());
        reader.setHighlighter(new DraftHighlighter());
        reader.setCompleter(new CommandCompleter(chat));
        history.unless(() -> asking);
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

    /** Asks something besides the conversation; empty if the user does not answer. */
    Optional<String> ask(String question) {
        asking = true;
        try {
            return Optional.of(
                    reader.readLine(question, null, (Character) null, null).strip());
        } catch (UserInterruptException | EndOfFileException refused) {
            return Optional.empty();
        } finally {
            asking = false;
            Thread.interrupted(); // the line editor's way of noticing Ctrl-C
        }
    }

    /**
     * The next message, which begins with what was typed while there was no prompt: what came before a Ctrl-C is on the prompt
     * and not sent. Of what was typed behind it one message is handed to the line editor, which gives nothing back.
     *
     * @param draft stands on the prompt already
     */
    String readLine(String draft) {
        String stopped = screen.typed().takeStopped();
        String text = draft.isEmpty() || stopped.isEmpty() ? draft + stopped : draft + "\n" + stopped;
        reader.stopOverwriting();
        if (screen.typed().takeLeave(text, reader::hasKeys)) {
            throw new EndOfFileException(); // a key would be the terminal's own, and mean nothing beside a draft
        }
        reader.runMacro(screen.typed().take(text));
        Thread refresher = Thread.ofVirtual().name("hints").start(this::refresh);
        try {
            return reader.readLine(prompt, null, (Character) null, text.isEmpty() ? null : text);
        } finally {
            refresher.interrupt();
        }
    }

    /** What is shown beside a draft may change while nobody types. */
    private void refresh() {
        try {
            while (true) {
                Thread.sleep(REFRESH);
                reader.refreshHint();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the message is there
        } catch (RuntimeException e) {
            // The terminal is closed, or the hint has a fault: the next key meets it on the chat's thread.
        }
    }
}
