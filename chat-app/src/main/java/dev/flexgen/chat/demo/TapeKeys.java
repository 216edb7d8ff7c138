package dev.flexgen.chat.demo;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** What a terminal sends for the keys that a tape can name. */
final class TapeKeys {

    private static final Map<String, String> NAMED = Map.ofEntries(
            Map.entry("Enter", "\r"),
            Map.entry("Tab", "\t"),
            Map.entry("Space", " "),
            Map.entry("Escape", "\u001b"),
            Map.entry("Backspace", "\u007f"),
            Map.entry("Delete", "\u001b[3~"),
            Map.entry("Insert", "\u001b[2~"),
            Map.entry("PageUp", "\u001b[5~"),
            Map.entry("PageDown", "\u001b[6~"),
            Map.entry("Up", "\u001bOA"),
            Map.entry("Down", "\u001bOB"),
            Map.entry("Right", "\u001bOC"),
            Map.entry("Left", "\u001bOD"));

    private static final Map<String, String> SHIFTED =
            Map.of("Tab", "\u001b[Z", "Enter", "\u001b[13;2u", "Up", "\u001b[1;2A", "Down", "\u001b[1;2B");

    private static final Map<String, String> CONTROLLED = Map.of(
            "Left", "\u001b[1;5D",
            "Right", "\u001b[1;5C",
            "Up", "\u001b[1;5A",
            "Down", "\u001b[1;5B",
            "Enter", "\u001b[13;5u",
            "Space", "\0",
            "Backspace", "\b");

    private TapeKeys() {}

    static Optional<String> named(String name) {
        return Optional.ofNullable(NAMED.get(name));
    }

    /** The names, for messages. */
    static String names() {
        return String.join(", ", new TreeSet<>(NAMED.keySet()));
    }

    /** The key with Ctrl; only letters, some signs and a few others have one. */
    static Optional<String> control(String key) {
        if (key.length() == 1) {
            char upper = key.toUpperCase(Locale.ROOT).charAt(0);
            return upper >= '@' && upper <= '_' ? Optional.of(Character.toString(upper - '@')) : Optional.empty();
        }
        return Optional.ofNullable(CONTROLLED.get(key));
    }

    static Optional<String> alt(String key) {
        return plain(key).map(keys -> "\u001b" + keys);
    }

    static Optional<String> shift(String key) {
        return key.length() == 1 ? Optional.of(key.toUpperCase(Locale.ROOT)) : Optional.ofNullable(SHIFTED.get(key));
    }

    private static Optional<String> plain(String key) {
        return key.length() == 1 ? Optional.of(key) : named(key);
    }
}
