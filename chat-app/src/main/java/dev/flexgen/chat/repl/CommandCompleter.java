package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.PathSuggestions;
import dev.flexgen.chat.repl.command.Suggestion;
import dev.flexgen.config.PlainText;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/** Completes slash commands, their arguments, and the names of files behind an @; other prose is left alone. */
final class CommandCompleter implements Completer {

    private final CommandContext chat;

    CommandCompleter(CommandContext chat) {
        this.chat = chat;
    }

    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        if (line.word().startsWith("@")) {
            PathSuggestions.of(line.word().substring(1), chat).stream()
                    .map(it -> candidate(new Suggestion("@" + it.text(), it.summary(), it.whole())))
                    .forEach(candidates::add);
        } else if (line.line().startsWith("/") && !line.line().startsWith("//")) {
            chat.commands().complete(line.words(), chat).stream()
                    .map(CommandCompleter::candidate)
                    .forEach(candidates::add);
        }
    }

    private static Candidate candidate(Suggestion it) {
        var text = PlainText.line(it.text());
        var summary = it.summary().isEmpty() ? null : PlainText.line(it.summary());
        return new Candidate(it.text(), text, null, summary, null, null, it.whole());
    }
}
