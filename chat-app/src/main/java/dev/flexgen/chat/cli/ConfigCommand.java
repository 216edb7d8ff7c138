package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.ConfigUpdate;
import dev.flexgen.config.NearestName;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code config}: shows the settings with the origin of each, and changes the settings file. */
@Command(
        name = "config",
        description = {
            "Shows and changes settings; alone it shows them, each with where its value comes from.",
            "Flags override environment variables, which override the settings file."
        })
final class ConfigCommand implements AppCommand {

    private final Wiring wiring;

    ConfigCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of();
    }

    @Override
    public List<AppCommand> subcommands() {
        return List.of(new ShowSettings(), new SetSetting(), new UnsetSetting());
    }

    @Override
    public ExitCode run(Settings settings) {
        return new ShowSettings().run(settings);
    }

    private Path file() {
        return wiring.dirs().configFile();
    }

    @Command(name = "show", description = "Shows all settings, or one, each with where its value comes from.")
    private final class ShowSettings implements AppCommand {

        @Parameters(paramLabel = "SETTING", arity = "0..1", description = "One setting; without it, all")
        String name = "";

        @Option(names = "--json", description = "Print one JSON object a setting")
        boolean json;

        @Override
        public List<Setting<?>> settings() {
            return List.of();
        }

        @Override
        public ExitCode run(Settings settings) {
            List<Setting<?>> shown = name.isEmpty() ? SettingTable.all() : List.<Setting<?>>of(known(name));
            for (Setting<?> setting : shown) {
                wiring.streams().printLine(json ? json(settings, setting) : row(settings, setting));
            }
            if (name.isEmpty() && !json) {
                wiring.streams().note("the settings file is " + file() + state());
            }
            return ExitCode.OK;
        }

        private String state() {
            return file().toFile().exists() ? "" : ", which does not exist yet";
        }

        private static String row(Settings settings, Setting<?> setting) {
            String value = PlainText.line(settings.text(setting));
            return String.format(
                    Locale.ROOT, "%-18s  %-18s  %s", setting.name(), value, origin(settings.source(setting)));
        }

        private static String json(Settings settings, Setting<?> setting) {
            return JsonLine.of(line -> line.put("setting", setting.name())
                    .put("value", settings.text(setting))
                    .put("origin", origin(settings.source(setting))));
        }

        private static String origin(SettingSource source) {
            return source instanceof SettingSource.Default ? "default" : source.describe();
        }
    }

    @Command(name = "set", description = "Writes a setting into the settings file.")
    private final class SetSetting implements AppCommand {

        @Parameters(index = "0", paramLabel = "SETTING", description = "Its name, such as temperature")
        String name = "";

        @Parameters(index = "1", paramLabel = "VALUE", description = "Its value, such as 0.5")
        String value = "";

        @Override
        public List<Setting<?>> settings() {
            return List.of();
        }

        @Override
        public ExitCode start(Supplier<Settings> settings) {
            Setting<?> setting = known(name);
            if (value.isEmpty()) {
                throw CommandException.usage(setting.name()
                        + " has no value; to take it out of the file: flexgen-chat config unset " + setting.name());
            }
            ConfigUpdate.repairing(file()).set(setting, value).write();
            return run(settings.get());
        }

        /** Says so where the new value has no effect. */
        @Override
        public ExitCode run(Settings settings) {
            Setting<?> setting = known(name);
            if (!(settings.source(setting) instanceof SettingSource.File)) {
                wiring.streams()
                        .note(file() + " now has it, but here "
                                + settings.source(setting).describe() + " overrides it");
            }
            return ExitCode.OK;
        }
    }

    @Command(name = "unset", description = "Takes a setting out of the settings file, whose default then counts again.")
    private final class UnsetSetting implements AppCommand {

        @Parameters(paramLabel = "SETTING", description = "Its name; also one in the file that is no setting")
        String name = "";

        @Override
        public List<Setting<?>> settings() {
            return List.of();
        }

        @Override
        public ExitCode start(Supplier<Settings> settings) {
            ConfigUpdate update = ConfigUpdate.repairing(file());
            if (update.has(name)) {
                update.unset(name).write();
            } else {
                String setting = known(name).name();
                wiring.streams().note(file() + " does not set " + setting);
            }
            return ExitCode.OK;
        }

        @Override
        public ExitCode run(Settings settings) {
            return start(() -> settings);
        }
    }

    private static Setting<?> known(String name) {
        return SettingTable.find(name)
                .orElseThrow(() -> CommandException.usage("'" + PlainText.excerpt(name) + "' is no setting"
                        + NearestName.of(name, SettingTable.names())
                                .map(near -> "; did you mean '" + near + "'?")
                                .orElse("; 'flexgen-chat config' lists them")));
    }
}
