package dev.flexgen.chat.cli;

import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.List;
import java.util.random.RandomGenerator;

/** How tokens are chosen, as the settings say it. */
final class Sampling {

    /** The settings that matter for it, in the order of the help. */
    static final List<Setting<?>> SETTINGS = List.of(
            SettingTable.TEMPERATURE,
            SettingTable.TOP_K,
            SettingTable.TOP_P,
            SettingTable.MIN_P,
            SettingTable.REPETITION_PENALTY,
            SettingTable.SEED);

    private Sampling() {}

    /** For conversation: the table's defaults where the user says nothing. */
    static SamplerOptions lively(Settings settings) {
        return new SamplerOptions(
                settings.get(SettingTable.TEMPERATURE),
                settings.get(SettingTable.TOP_K),
                settings.get(SettingTable.TOP_P),
                settings.get(SettingTable.MIN_P),
                settings.get(SettingTable.REPETITION_PENALTY),
                seed(settings));
    }

    /** For completion: nothing happens to the model's own probabilities, and the likeliest wins, unless the user says so. */
    static SamplerOptions plain(Settings settings) {
        return new SamplerOptions(
                chosen(settings, SettingTable.TEMPERATURE, 0.0),
                chosen(settings, SettingTable.TOP_K, 0),
                chosen(settings, SettingTable.TOP_P, 1.0),
                chosen(settings, SettingTable.MIN_P, 0.0),
                chosen(settings, SettingTable.REPETITION_PENALTY, 1.0),
                seed(settings));
    }

    private static <T> T chosen(Settings settings, Setting<T> setting, T otherwise) {
        return settings.source(setting) instanceof SettingSource.Default ? otherwise : settings.get(setting);
    }

    private static long seed(Settings settings) {
        return settings.get(SettingTable.SEED)
                .orElseGet(() -> RandomGenerator.getDefault().nextLong());
    }
}
