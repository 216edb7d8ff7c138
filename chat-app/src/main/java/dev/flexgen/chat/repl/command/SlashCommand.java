package dev.flexgen.chat.repl.command;

import java.util.List;
import java.util.Optional;

/**
 * One slash command. The table of them drives the chat, {@code /help}, completion, the README and the "did you mean". A new one is
 * a class that implements this and a line in {@link Commands#standard()} or an argument of {@link Commands#with}. For the chat's
 * thread.
 */
public interface SlashCommand {

    /** With its slash. */
    String name();

    /** Other names, with their slashes. */
    default List<String> aliases() {
        return List.of();
    }

    Arguments arguments();

    /** Name and arguments as {@code /help} shows them. */
    default String usage() {
        return name();
    }

    /** One sentence without a full stop. */
    String summary();

    /** What {@code /help NAME} says besides, in whole sentences; may be empty. */
    default String details() {
        return "";
    }

    /** Why it cannot be used now, one sentence; empty if it can. */
    default Optional<String> refusal(CommandContext chat) {
        return Optional.empty();
    }

    /**
     * Ways to complete the last of some words.
     *
     * @param words those behind the name, up to the cursor; the last one is being written and may be empty
     */
    default List<Suggestion> complete(List<String> words, CommandContext chat) {
        return List.of();
    }

    /**
     * Does it. Only called with an argument that {@link #arguments} allows, and unless there is a {@link #refusal}.
     *
     * @param argument what stood behind the name, trimmed; may be empty
     */
    Outcome run(String argument, CommandContext chat);
}
