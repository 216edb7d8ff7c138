package dev.flexgen.chat.repl.command;

import java.util.List;

/** One slash command. The table of them drives the chat, {@code /help}, completion and the "did you mean". */
public interface SlashCommand {

    /** What the chat does afterwards. */
    enum Outcome {
        CONTINUE,
        LEAVE
    }

    /** With its slash. */
    String name();

    /** Other names, with their slashes. */
    default List<String> aliases() {
        return List.of();
    }

    /** Name and arguments as {@code /help} shows them. */
    default String usage() {
        return name();
    }

    /** One sentence without a full stop. */
    String summary();

    /** What may stand behind the name, for completion. */
    default List<String> arguments(Commands commands) {
        return List.of();
    }

    /**
     * Does it.
     *
     * @param argument what stood behind the name, trimmed; may be empty
     */
    Outcome run(String argument, CommandContext context);
}
