package dev.flexgen.chat.sessions.command;

import dev.flexgen.chat.repl.command.Arguments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.sessions.SessionDesk;

/** Gives the conversation a name to be found by. */
final class SaveCommand extends SessionCommand {

    SaveCommand(SessionDesk desk) {
        super(desk);
    }

    @Override
    public String name() {
        return "/save";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/save [NAME]";
    }

    @Override
    public String summary() {
        return "keep this conversation under a name, or say which name it has";
    }

    @Override
    public String details() {
        return "Conversations are kept by themselves, under the date and time, unless --no-save was said.";
    }

    @Override
    void act(String argument, CommandContext chat) {
        if (argument.isEmpty()
                && chat.dialogue().turns().isEmpty()
                && desk().name().isEmpty()) {
            chat.error("Nothing was said yet; a conversation is kept from its first message on.");
            return;
        }
        chat.remark("[kept as the session " + desk().save(argument, chat.dialogue()) + "]");
    }
}
