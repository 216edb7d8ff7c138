package dev.flexgen.chat.sessions.command;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.repl.command.Arguments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.Suggestion;
import dev.flexgen.chat.sessions.SessionDesk;
import java.util.List;

/** Puts a session aside, or brings one back. */
final class DeleteCommand extends SessionCommand {

    private static final String UNDO = "undo ";

    DeleteCommand(SessionDesk desk) {
        super(desk);
    }

    @Override
    public String name() {
        return "/delete";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/delete [NAME]";
    }

    @Override
    public String summary() {
        return "put a session aside, this one if no name is said; /delete undo NAME brings it back";
    }

    @Override
    public String details() {
        return "The file moves to the folder of deleted sessions, where it stays until you remove it.";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return names(words);
    }

    @Override
    void act(String argument, CommandContext chat) {
        if (argument.startsWith(UNDO)) {
            String name = argument.substring(UNDO.length()).strip();
            desk().restore(name);
            chat.remark("[the session " + name + " is back; /load " + name + " goes on with it]");
            return;
        }
        String name = argument.isEmpty() ? current() : argument;
        String kept = desk().delete(name);
        chat.remark("[the session " + name + " is put aside; /delete undo " + kept + " brings it back]");
    }

    private String current() {
        return desk().name()
                .orElseThrow(() ->
                        CommandException.usage("nothing of this conversation is kept, so there is nothing to delete"));
    }
}
