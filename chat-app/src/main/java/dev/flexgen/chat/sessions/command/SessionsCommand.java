package dev.flexgen.chat.sessions.command;

import dev.flexgen.chat.repl.command.Arguments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.sessions.SessionDesk;
import dev.flexgen.chat.sessions.SessionList;

/** Lists the sessions. */
final class SessionsCommand extends SessionCommand {

    SessionsCommand(SessionDesk desk) {
        super(desk);
    }

    @Override
    public String name() {
        return "/sessions";
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String usage() {
        return "/sessions";
    }

    @Override
    public String summary() {
        return "list the saved sessions, the last first";
    }

    @Override
    public String details() {
        return "flexgen-chat log -q WORDS searches in them.";
    }

    @Override
    void act(String argument, CommandContext chat) {
        String list = SessionList.of(desk().names(), desk()::read);
        chat.remark(list.isEmpty() ? "[no session yet]" : list.stripTrailing());
    }
}
