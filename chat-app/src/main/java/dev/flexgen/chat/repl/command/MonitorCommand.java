package dev.flexgen.chat.repl.command;

import java.io.IOException;
import java.util.List;

/** Shows what the model does, on a screen of its own. */
final class MonitorCommand implements SlashCommand {

    private static final String ON = "on";
    private static final String OFF = "off";

    @Override
    public String name() {
        return "/monitor";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/monitor [on|off]";
    }

    @Override
    public String summary() {
        return "show memory, layers, rates and speed on a screen of its own; on: with every reply. q goes back";
    }

    @Override
    public String details() {
        return "During a reply Ctrl-T shows it. The reply goes on meanwhile and its text follows when you are back. It needs a"
                + " terminal that can move its cursor. --monitor begins with it on.";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1
                ? List.of(Suggestion.of(ON, "with every reply"), Suggestion.of(OFF, "only when asked for"))
                : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        switch (argument) {
            case ON, OFF -> {
                chat.monitors(argument.equals(ON));
                chat.remark(
                        argument.equals(ON)
                                ? "[the monitor comes with every reply; q goes back to its text]"
                                : "[the monitor comes when you press Ctrl-T during a reply]");
            }
            case "" -> show(chat);
            default -> chat.error("/monitor takes nothing, on or off, not '" + argument + "'.");
        }
        return Outcome.CONTINUE;
    }

    private static void show(CommandContext chat) {
        try {
            if (!chat.monitor()) {
                chat.error("This terminal cannot move its cursor, so there is no monitor.");
            }
        } catch (IOException e) {
            chat.error("The monitor cannot be shown: " + e.getMessage() + ".");
        }
    }
}
