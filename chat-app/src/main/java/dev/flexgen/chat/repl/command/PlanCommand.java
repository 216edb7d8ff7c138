package dev.flexgen.chat.repl.command;

/** Shows where the model is kept and how fast it can be there. */
final class PlanCommand implements SlashCommand {

    @Override
    public String name() {
        return "/plan";
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "say where the model's parts lie, and how fast it can be there";
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        chat.remark(ShowCommand.plan(chat));
        return Outcome.CONTINUE;
    }
}
