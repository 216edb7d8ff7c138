package dev.flexgen.chat.repl.command;

/** Leaves this conversation as it is and begins another. */
final class NewCommand implements SlashCommand {

    @Override
    public String name() {
        return "/new";
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "begin another conversation with the same model and settings";
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        chat.dialogue().beginAnother();
        chat.remark("[a new conversation]");
        return Outcome.CONTINUE;
    }
}
