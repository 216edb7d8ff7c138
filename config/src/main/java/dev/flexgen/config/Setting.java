package dev.flexgen.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One row of the {@link SettingTable}: everything that the settings file, the environment, the command line and the
 * documentation need to know about one setting.
 *
 * @param <T> type of its value
 */
public final class Setting<T> {

    private final String name;
    private final String metavar;
    private final ValueType<T> type;
    private final T defaultValue;
    private final String doc;

    Setting(String name, String metavar, ValueType<T> type, T defaultValue, String doc) {
        this.name = name;
        this.metavar = metavar;
        this.type = type;
        this.defaultValue = defaultValue;
        this.doc = doc;
    }

    /** In the settings file: {@code max-new-tokens}. */
    public String name() {
        return name;
    }

    /** On the command line: {@code --max-new-tokens}. */
    public String flag() {
        return "--" + name;
    }

    /** In the environment: {@code FLEXGEN_MAX_NEW_TOKENS}. */
    public String environmentVariable() {
        return "FLEXGEN_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    public T defaultValue() {
        return defaultValue;
    }

    /** What it does, one sentence without a full stop. */
    public String doc() {
        return doc;
    }

    /** What stands for the value in a usage line: {@code N}, {@code TEXT}. */
    public String metavar() {
        return metavar;
    }

    /** Which values are allowed, to follow "must be": {@code a whole number from 0 to 1024}. */
    public String allowed() {
        return type.allowed();
    }

    /** Whether the flag stands alone, without a value, meaning {@code true}. */
    public boolean isSwitch() {
        return type.javaType() == Boolean.class;
    }

    /** The default as a user would write it; {@code none} for empty text. */
    public String defaultText() {
        return defaultValue instanceof String text && text.isEmpty() ? "none" : text(defaultValue);
    }

    /** A value as a user would write it. */
    public String text(T value) {
        return switch (value) {
            case Enum<?> constant -> ValueType.word(constant);
            case Long bytes when bytes == 0 -> "auto";
            case Long bytes when bytes == ValueType.OFF -> "off";
            case OptionalLong seed when seed.isEmpty() -> "random";
            case OptionalLong seed -> Long.toString(seed.getAsLong());
            case Object other -> other.toString();
        };
    }

    /** The values to choose from, where there are only a few. */
    public List<String> choices() {
        return type.choices();
    }

    /** The help line: what it does, what is allowed, the default. */
    public String help() {
        return isSwitch() ? doc : doc + " (" + allowed() + "; default " + defaultText() + ")";
    }

    /** The value written as {@code text}; {@link ConfigException} says what is allowed. */
    public T parse(String text) {
        return read(text)
                .orElseThrow(
                        () -> new ConfigException(name + " must be " + allowed() + ", not " + Quoted.of(text) + "."));
    }

    /** As {@link #parse(String)}, with a message that names the source of the text. */
    T parse(String text, SettingSource source) {
        return read(text)
                .orElseThrow(() -> new ConfigException(name + " must be " + allowed() + ", but " + source.describe()
                        + " says " + Quoted.of(text) + "."));
    }

    ValueType<T> type() {
        return type;
    }

    private Optional<T> read(String text) {
        return type.reader().apply(text);
    }

    @Override
    public String toString() {
        return name;
    }
}
