package dev.flexgen.chat.cli;

import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The bridge between the setting table and picocli: options out of settings, settings out of parsed options. */
final class SettingOptions {

    private SettingOptions() {}

    /** Adds one option for each setting; the values are texts, since only the table knows what they mean. */
    static void addTo(CommandSpec spec, List<Setting<?>> settings) {
        for (Setting<?> setting : settings) {
            spec.addOption(option(setting));
        }
    }

    /** The settings that the user gave as options, by name. */
    static Map<String, String> given(CommandSpec spec) {
        Map<String, String> given = new HashMap<>();
        for (OptionSpec option : spec.options()) {
            Object value = option.getValue();
            if (option.userObject() instanceof Setting<?> setting && value != null) {
                given.put(setting.name(), value.toString());
            }
        }
        return given;
    }

    private static OptionSpec option(Setting<?> setting) {
        OptionSpec.Builder option = setting.equals(SettingTable.MODEL)
                ? OptionSpec.builder("-m", setting.flag())
                : OptionSpec.builder(setting.flag());
        // picocli formats descriptions, so a percent sign must be doubled.
        option.userObject(setting).description(setting.help().replace("%", "%%"));
        if (setting.isSwitch()) {
            return option.type(Boolean.class).arity("0").build();
        }
        return option.type(String.class)
                .arity("1")
                .paramLabel(setting.metavar())
                .build();
    }
}
