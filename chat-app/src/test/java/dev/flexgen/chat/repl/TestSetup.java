package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.ChatModel;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Partner;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.AppDirs;
import dev.flexgen.config.Environment;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.sample.SamplerOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/** What a chat needs, for tests: a model "opt-tiny", default settings, greedy replies. */
public final class TestSetup {

    public static final PromptFormat BARE = new PromptFormat("", "", "\n\n", "\n", "H: ", "\nA:", List.of("\nH:"));

    private TestSetup() {}

    public static Settings settings(Map<String, String> flags) {
        var nowhere = Path.of("target", "nowhere");
        var environment = new Environment(Map.of(), nowhere, nowhere);
        return Settings.resolve(environment, AppDirs.of(environment), flags);
    }

    public static Partner partner(ChatModel model) {
        return new Partner(
                "opt-tiny",
                model,
                BARE,
                settings -> new ReplyOptions(settings.get(SettingTable.MAX_NEW_TOKENS), SamplerOptions.greedy()),
                Partner.Facts.NONE);
    }

    static ChatSetup of(ChatModel model, Path state, Theme theme, Verbosity verbosity, IntConsumer exit) {
        return new ChatSetup(
                partner(model),
                settings(Map.of()),
                Commands.standard(),
                ModelShelf.NONE,
                _ -> {},
                new Environment(Map.of("EDITOR", "true"), state, state),
                state,
                theme,
                verbosity,
                exit);
    }
}
