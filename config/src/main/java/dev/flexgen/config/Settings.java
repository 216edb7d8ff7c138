package dev.flexgen.config;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/** The value of every setting, with its source. Immutable. */
public final class Settings {

    private final Map<Setting<?>, Resolved> values;
    private final Supplier<Settings> again;

    private record Resolved(Object value, String text, SettingSource source) {}

    private Settings(Map<Setting<?>, Resolved> values, Supplier<Settings> again) {
        this.values = Map.copyOf(values);
        this.again = again;
    }

    /**
     * Flag before environment variable before settings file before default. Every value present is checked, also one that
     * another overrides.
     *
     * @param flags values given on the command line by setting name, with or without dashes; a switch has {@code true}
     * @throws ConfigException naming the setting, the source and what is allowed
     */
    public static Settings resolve(Environment environment, AppDirs dirs, Map<String, String> flags) {
        Map<Setting<?>, String> given = new HashMap<>();
        flags.forEach((name, text) -> given.put(
                SettingTable.find(name).orElseThrow(() -> new IllegalArgumentException("no setting " + name)), text));
        Map<Setting<?>, ConfigFile.Value> file = new ConfigFile(dirs.configFile()).read();
        Map<Setting<?>, Resolved> values = new HashMap<>();
        for (Setting<?> setting : SettingTable.all()) {
            Resolved value = new Resolved(setting.defaultValue(), setting.defaultText(), new SettingSource.Default());
            ConfigFile.Value inFile = file.get(setting);
            if (inFile != null) {
                value = resolved(setting, inFile.text(), inFile.source());
            }
            Optional<String> variable = environment.variable(setting.environmentVariable());
            if (variable.isPresent()) {
                value = resolved(setting, variable.get(), new SettingSource.Variable(setting.environmentVariable()));
            }
            String flag = given.get(setting);
            if (flag != null) {
                value = resolved(setting, flag, new SettingSource.Flag(setting.flag()));
            }
            values.put(setting, value);
        }
        return new Settings(values, () -> resolve(environment, dirs, flags));
    }

    /** The same flags and variables, with the settings file as it is now. */
    public Settings again() {
        return again.get();
    }

    /** The same, as if the command line had given this value. */
    public <T> Settings with(Setting<T> setting, T value) {
        var changed = new Resolved(value, setting.text(value), new SettingSource.Flag(setting.flag()));
        return with(setting, changed, () -> again.get().with(setting, value));
    }

    /**
     * The same with a value that is written as {@code text} somewhere else than in the usual places.
     *
     * @throws ConfigException naming the setting, the source and what is allowed
     */
    public Settings with(Setting<?> setting, String text, SettingSource source) {
        return with(setting, resolved(setting, text, source), () -> again.get().with(setting, text, source));
    }

    /** The same with one setting as it is in {@code other}. */
    public Settings withThatOf(Settings other, Setting<?> setting) {
        return with(setting, other.resolved(setting), () -> again.get().withThatOf(other, setting));
    }

    private Settings with(Setting<?> setting, Resolved value, Supplier<Settings> later) {
        Map<Setting<?>, Resolved> changed = new HashMap<>(values);
        changed.put(setting, value);
        return new Settings(changed, later);
    }

    public <T> T get(Setting<T> setting) {
        return setting.type().javaType().cast(resolved(setting).value());
    }

    /** {@link #get}'s value as its source wrote it; a default as {@link Setting#defaultText} has it. */
    public String text(Setting<?> setting) {
        return resolved(setting).text();
    }

    /** Where {@link #get}'s value came from. */
    public SettingSource source(Setting<?> setting) {
        return resolved(setting).source();
    }

    private Resolved resolved(Setting<?> setting) {
        return Objects.requireNonNull(values.get(setting), setting::name);
    }

    private static <T> Resolved resolved(Setting<T> setting, String text, SettingSource source) {
        return new Resolved(setting.parse(text, source), text, source);
    }
}
