package dev.flexgen.chat.repl.command;

import java.util.List;

/** Leaves the chat. */
final class ByeCommand implements SlashCommand {

    @Override
    public String name() {
        return "/bye";
    }

    @Override
    public List<String> aliases() {
        return List.of("/exit", "/quit");
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "leave the chat";
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        return Outcome.LEAVE;
    }
}
