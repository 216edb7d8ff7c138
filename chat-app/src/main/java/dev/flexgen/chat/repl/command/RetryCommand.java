package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.config.ConfigException;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.Settings;
import java.util.List;
import java.util.Optional;

/** Has the last message answered anew. */
final class RetryCommand implements SlashCommand {

    @Override
    public String name() {
        return "/retry";
    }

    @Override
    public List<String> aliases() {
        return List.of("/regen");
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/retry [NAME=VALUE ...]";
    }

    @Override
    public String summary() {
        return "have the last message answered anew, with other settings for this reply if you like";
    }

    @Override
    public String details() {
        return "For example /retry temperature=1 seed=7. What the model holds up to that message is not read again."
                + " /redo brings the old reply back.";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        return chat.dialogue().turns().isEmpty() ? Optional.of("There is no reply to try anew yet.") : Optional.empty();
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return ChatSettings.ALL.stream()
                .map(setting -> new Suggestion(setting.name() + "=", setting.doc(), false))
                .toList();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        Settings settings = chat.settings();
        for (String word : argument.isEmpty() ? new String[0] : argument.split("\\s+")) {
            String[] pair = word.split("=", 2);
            Optional<Setting<?>> setting = ChatSettings.find(pair[0]);
            if (setting.isEmpty() || pair.length < 2) {
                chat.error(setting.isEmpty() ? ChatSettings.unknown(pair[0]) : "Write " + pair[0] + "=VALUE.");
                return Outcome.CONTINUE;
            }
            try {
                settings = settings.with(setting.get(), pair[1], new SettingSource.Chat());
            } catch (ConfigException e) {
                chat.error(pair[0] + " must be " + setting.get().allowed() + ", not '" + pair[1] + "'.");
                return Outcome.CONTINUE;
            }
        }
        ReplyOptions options = chat.partner().options().apply(settings);
        if (argument.isEmpty() && options.sampling().temperature() == 0) {
            chat.remark("[this model always takes the likeliest words here, so expect the same reply;"
                    + " /retry temperature=0.8 varies it]");
        }
        return new Outcome.Talk((listener, cancel) -> chat.dialogue().retry(options, listener, cancel));
    }
}
