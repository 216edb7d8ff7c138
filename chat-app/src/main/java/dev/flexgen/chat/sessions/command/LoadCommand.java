package dev.flexgen.chat.sessions.command;

import dev.flexgen.chat.repl.command.Arguments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.Suggestion;
import dev.flexgen.chat.sessions.SavedSession;
import dev.flexgen.chat.sessions.SessionDesk;
import java.util.List;

/** Goes on with another session. */
final class LoadCommand extends SessionCommand {

    LoadCommand(SessionDesk desk) {
        super(desk);
    }

    @Override
    public String name() {
        return "/load";
    }

    @Override
    public Arguments arguments() {
        return Arguments.REQUIRED;
    }

    @Override
    public String usage() {
        return "/load NAME";
    }

    @Override
    public String summary() {
        return "go on with another session";
    }

    @Override
    public String details() {
        return "This conversation stays in its own session. /sessions lists them; /delete puts one aside.";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return names(words);
    }

    @Override
    void act(String argument, CommandContext chat) {
        SavedSession session = desk().load(argument, chat.dialogue());
        int turns = session.exchanges().size();
        chat.remark("[going on with the session " + session.name() + ", " + turns + (turns == 1 ? " turn" : " turns")
                + "]");
        if (session.damagedLines() > 0) {
            chat.error(
                    session.damagedLines() + " lines of its file are damaged and left out; the file is not changed.");
        }
        if (turns > 0) {
            chat.remark("> " + session.turns().getLast().message() + "\n"
                    + session.turns().getLast().reply());
        }
    }
}
