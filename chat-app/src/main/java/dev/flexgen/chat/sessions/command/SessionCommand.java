package dev.flexgen.chat.sessions.command;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.Outcome;
import dev.flexgen.chat.repl.command.SlashCommand;
import dev.flexgen.chat.repl.command.Suggestion;
import dev.flexgen.chat.sessions.SessionDesk;
import java.util.List;
import java.util.Locale;

/** What those for sessions have in common: completion of names, and what is said when something cannot be done. */
abstract class SessionCommand implements SlashCommand {

    private final SessionDesk desk;

    SessionCommand(SessionDesk desk) {
        this.desk = desk;
    }

    SessionDesk desk() {
        return desk;
    }

    /** Does it; a {@link CommandException} says why not. */
    abstract void act(String argument, CommandContext chat);

    @Override
    public final Outcome run(String argument, CommandContext chat) {
        try {
            act(argument, chat);
        } catch (CommandException e) {
            String sentence = String.valueOf(e.getMessage());
            chat.error(sentence.substring(0, 1).toUpperCase(Locale.ROOT) + sentence.substring(1) + ".");
        }
        return Outcome.CONTINUE;
    }

    /** Names of sessions, for completion. */
    List<Suggestion> names(List<String> words) {
        try {
            return words.size() > 1
                    ? List.of()
                    : desk.names().stream().map(Suggestion::of).toList();
        } catch (CommandException e) {
            return List.of();
        }
    }
}
