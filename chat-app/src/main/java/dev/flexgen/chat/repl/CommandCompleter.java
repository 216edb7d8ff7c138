package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.Commands;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/** Completes slash commands and their arguments; prose is left alone. */
final class CommandCompleter implements Completer {

    private final Commands commands;

    CommandCompleter(Commands commands) {
        this.commands = commands;
    }

    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        if (!line.line().startsWith("/")) {
            return;
        }
        if (line.wordIndex() == 0) {
            for (var command : commands.all()) {
                candidates.add(candidate(command.name(), command.summary()));
            }
        } else if (line.wordIndex() == 1) {
            commands.find(line.words().getFirst()).stream()
                    .flatMap(command -> command.arguments(commands).stream())
                    .forEach(argument -> candidates.add(new Candidate(argument)));
        }
    }

    private static Candidate candidate(String name, String summary) {
        return new Candidate(name, name, null, summary, null, null, true);
    }
}
