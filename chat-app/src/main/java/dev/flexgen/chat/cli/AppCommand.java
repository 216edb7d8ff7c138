package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.config.Setting;
import dev.flexgen.config.Settings;
import java.util.List;
import java.util.function.Supplier;

/** One command. Its own options are picocli fields; those it shares with other commands come from the setting table. */
interface AppCommand {

    /** The settings it takes as options, in the order of the help. */
    List<Setting<?>> settings();

    /** Commands of its own, named by their annotations. */
    default List<AppCommand> subcommands() {
        return List.of();
    }

    /** {@link #run} with the settings; overridden by what must work although the settings cannot be read. */
    default ExitCode start(Supplier<Settings> settings) {
        return run(settings.get());
    }

    /**
     * Does it.
     *
     * @param settings with the options of this call applied
     */
    ExitCode run(Settings settings);
}
