package dev.flexgen.chat.repl.command;

import dev.flexgen.config.Setting;
import java.util.List;
import java.util.Optional;

/** Gives a setting the value it had when the chat began. */
final class UnsetCommand implements SlashCommand {

    @Override
    public String name() {
        return "/unset";
    }

    @Override
    public Arguments arguments() {
        return Arguments.REQUIRED;
    }

    @Override
    public String usage() {
        return "/unset NAME";
    }

    @Override
    public String summary() {
        return "give a setting back the value that it had when the chat began";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1 ? ChatSettings.suggestions() : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        Optional<Setting<?>> setting = ChatSettings.find(argument);
        if (setting.isEmpty()) {
            chat.error(ChatSettings.unknown(argument));
            return Outcome.CONTINUE;
        }
        chat.settings(chat.settings().withThatOf(chat.initialSettings(), setting.get()));
        chat.remark(ChatSettings.row(chat.settings(), setting.get()));
        return Outcome.CONTINUE;
    }
}
