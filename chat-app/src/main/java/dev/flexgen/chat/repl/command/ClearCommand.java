package dev.flexgen.chat.repl.command;

/** Forgets the conversation so far. */
final class ClearCommand implements SlashCommand {

    @Override
    public String name() {
        return "/clear";
    }

    @Override
    public String summary() {
        return "forget the conversation and start a new one";
    }

    @Override
    public Outcome run(String argument, CommandContext context) {
        context.dialogue().clear();
        context.out().accept("[forgot the conversation]");
        return Outcome.CONTINUE;
    }
}
