package dev.flexgen.chat.repl.command;

import dev.flexgen.config.ConfigException;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Changes a setting for the rest of the chat. */
final class SetCommand implements SlashCommand {

    @Override
    public String name() {
        return "/set";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/set [NAME VALUE]";
    }

    @Override
    public String summary() {
        return "change a setting from the next reply on; alone, show those that can change";
    }

    @Override
    public String details() {
        return ChatSettings.ALL.stream()
                .map(setting -> setting.name() + ": " + setting.help())
                .collect(Collectors.joining("\n"));
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        if (words.size() == 1) {
            return ChatSettings.suggestions();
        }
        return words.size() == 2
                ? ChatSettings.find(words.getFirst()).stream()
                        .map(setting -> Suggestion.of(chat.settings().text(setting), setting.allowed()))
                        .toList()
                : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        if (argument.isEmpty()) {
            chat.remark(ChatSettings.table(chat));
            return Outcome.CONTINUE;
        }
        String[] words = argument.split("\\s*=\\s*|\\s+", 2);
        Optional<Setting<?>> setting = ChatSettings.find(words[0]);
        if (setting.isEmpty()) {
            chat.error(ChatSettings.unknown(words[0]));
        } else if (words.length == 1) {
            chat.remark(ChatSettings.row(chat.settings(), setting.get()) + "\n"
                    + setting.get().help());
        } else {
            set(setting.get(), words[1], chat);
        }
        return Outcome.CONTINUE;
    }

    private static void set(Setting<?> setting, String value, CommandContext chat) {
        try {
            String before = chat.settings().text(setting);
            chat.settings(chat.settings().with(setting, value, new SettingSource.Chat()));
            chat.remark("[" + setting.name() + " is " + chat.settings().text(setting) + " now, was " + before + "]");
        } catch (ConfigException e) {
            chat.error(
                    setting.name() + " must be " + setting.allowed() + ", not '" + value + "'; nothing was changed.");
        }
    }
}
