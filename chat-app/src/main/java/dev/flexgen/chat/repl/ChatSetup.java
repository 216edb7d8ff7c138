package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Partner;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.Environment;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * All that a chat needs from outside.
 *
 * @param settings as they are when it begins
 * @param commands those behind a slash
 * @param models to change to in the middle of it
 * @param onStart is given the dialogue before the first prompt, to watch it or to have it go on with a kept one
 * @param environment for the editor, and paths
 * @param stateDirectory where the input history is kept
 * @param exit ends the process with this exit code; called on a second Ctrl-C, when the model does not stop
 */
public record ChatSetup(
        Partner partner,
        Settings settings,
        Commands commands,
        ModelShelf models,
        Consumer<Dialogue> onStart,
        Environment environment,
        Path stateDirectory,
        Theme theme,
        Verbosity verbosity,
        IntConsumer exit) {

    /** The same under other settings. */
    ChatSetup with(Settings other) {
        return new ChatSetup(
                partner, other, commands, models, onStart, environment, stateDirectory, theme, verbosity, exit);
    }

    /** The dialogue as it begins. */
    Dialogue dialogue() {
        var dialogue = new Dialogue(partner.model(), partner.format(), settings.get(SettingTable.SYSTEM));
        onStart.accept(dialogue);
        return dialogue;
    }
}
