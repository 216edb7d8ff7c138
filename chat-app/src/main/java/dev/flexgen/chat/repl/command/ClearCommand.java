package dev.flexgen.chat.repl.command;

/** Forgets the turns of this conversation. */
final class ClearCommand implements SlashCommand {

    @Override
    public String name() {
        return "/clear";
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "forget all turns of this conversation; /undo brings them back";
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        boolean any = !chat.dialogue().turns().isEmpty();
        chat.dialogue().clear();
        chat.remark(any ? "[forgot the conversation; /undo brings it back]" : "[there was nothing to forget]");
        return Outcome.CONTINUE;
    }
}
