package dev.flexgen.chat.repl.command;

import java.util.Optional;

/** Brings back what another command took away. */
final class RedoCommand implements SlashCommand {

    @Override
    public String name() {
        return "/redo";
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "bring back what /undo, /retry, /best, /edit, /compress, /clear, /new or /system took away";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        return chat.dialogue().canRedo() ? Optional.empty() : Optional.of("There is nothing to bring back.");
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        chat.dialogue().redo();
        chat.remark("[back to " + Counted.of(chat.dialogue().turns().size(), "turn") + "]");
        return Outcome.CONTINUE;
    }
}
