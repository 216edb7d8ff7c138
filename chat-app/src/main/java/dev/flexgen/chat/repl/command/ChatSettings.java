package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.roles.Roles;
import dev.flexgen.config.AppDirs;
import dev.flexgen.config.NearestName;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The settings that can change in the middle of a chat. */
public final class ChatSettings {

    static final List<Setting<?>> ALL = List.of(
            SettingTable.MAX_NEW_TOKENS,
            SettingTable.TEMPERATURE,
            SettingTable.TOP_K,
            SettingTable.TOP_P,
            SettingTable.MIN_P,
            SettingTable.REPETITION_PENALTY,
            SettingTable.SEED,
            SettingTable.THOUGHTS);

    private ChatSettings() {}

    /** The user's roles, which may have these settings. */
    public static Roles roles(AppDirs dirs) {
        return new Roles(dirs.config().resolve("roles"), ALL);
    }

    static Optional<Setting<?>> find(String name) {
        for (Setting<?> setting : ALL) {
            if (setting.name().equalsIgnoreCase(name)) {
                return Optional.of(setting);
            }
        }
        return Optional.empty();
    }

    /** The sentence about a name that cannot be set here. */
    static String unknown(String name) {
        if (name.equalsIgnoreCase(SettingTable.SYSTEM.name())) {
            return "The system text is set with /system.";
        }
        if (name.equalsIgnoreCase(SettingTable.MODEL.name())) {
            return "Another model is chosen with /model.";
        }
        return SettingTable.find(name.toLowerCase(Locale.ROOT))
                .map(setting -> setting.name() + " is chosen before the chat begins: leave, and start with "
                        + setting.flag() + (setting.isSwitch() ? "." : " " + setting.metavar() + "."))
                .orElseGet(() -> "There is no setting '" + name + "'"
                        + NearestName.question(
                                name, ALL.stream().map(Setting::name).toList()));
    }

    /** One row of the table: name, value, source. */
    static String row(Settings settings, Setting<?> setting) {
        SettingSource source = settings.source(setting);
        return String.format(
                Locale.ROOT, "%-20s %-10s %s", setting.name(), settings.text(setting), "from " + source.describe());
    }

    /** All rows, and what the model makes of them. */
    static String table(CommandContext chat) {
        var rows = ALL.stream().map(setting -> row(chat.settings(), setting)).collect(Collectors.joining("\n"));
        boolean greedy =
                chat.partner().options().apply(chat.settings()).sampling().temperature() == 0;
        return greedy && chat.settings().get(SettingTable.TEMPERATURE) != 0
                ? rows + "\nThis model takes the likeliest words, whatever the defaults; /set temperature changes that."
                : rows;
    }

    static List<Suggestion> suggestions() {
        return ALL.stream()
                .map(setting -> Suggestion.of(setting.name(), setting.doc()))
                .toList();
    }
}
