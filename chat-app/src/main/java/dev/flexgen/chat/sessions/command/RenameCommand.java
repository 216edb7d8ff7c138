package dev.flexgen.chat.sessions.command;

import dev.flexgen.chat.repl.command.Arguments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.sessions.SessionDesk;

/** Gives this session another name. */
final class RenameCommand extends SessionCommand {

    RenameCommand(SessionDesk desk) {
        super(desk);
    }

    @Override
    public String name() {
        return "/rename";
    }

    @Override
    public Arguments arguments() {
        return Arguments.REQUIRED;
    }

    @Override
    public String usage() {
        return "/rename NAME";
    }

    @Override
    public String summary() {
        return "give this session another name";
    }

    @Override
    public String details() {
        return "flexgen-chat --session NAME goes on with it later.";
    }

    @Override
    void act(String argument, CommandContext chat) {
        desk().rename(argument);
        chat.remark("[this session is now " + argument + "]");
    }
}
