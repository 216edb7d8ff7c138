package dev.flexgen.chat.repl.command;

import java.util.Locale;
import java.util.stream.Collectors;

/** Lists the models that are here. */
final class ModelsCommand implements SlashCommand {

    @Override
    public String name() {
        return "/models";
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "list the models on this machine; 'flexgen-chat models' lists those to download too";
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var here = chat.models().here();
        chat.remark(
                here.isEmpty()
                        ? "[no other model is here]"
                        : here.stream()
                                .map(it -> String.format(Locale.ROOT, "%-32s %s", it.text(), it.summary()))
                                .collect(Collectors.joining("\n")));
        return Outcome.CONTINUE;
    }
}
