package dev.flexgen.chat.sessions.command;

import dev.flexgen.chat.repl.command.SlashCommand;
import dev.flexgen.chat.sessions.SessionDesk;
import java.util.List;

/** The table of them. */
public final class SessionCommands {

    private SessionCommands() {}

    /** All that work on a chat's sessions, in the order of the help. */
    public static List<SlashCommand> of(SessionDesk desk) {
        return List.of(
                new SaveCommand(desk),
                new LoadCommand(desk),
                new SessionsCommand(desk),
                new RenameCommand(desk),
                new DeleteCommand(desk));
    }
}
