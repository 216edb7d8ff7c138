package dev.flexgen.chat.repl.render;

import dev.flexgen.config.ColorChoice;
import java.util.Map;

/**
 * The escape sequences that dress up each kind of text; all empty when plain.
 *
 * @param prompt before the input prompt
 * @param dim before remarks that are not part of the conversation
 * @param error before error messages
 * @param strong for headings and what is important in a reply
 * @param code for code within a line
 * @param keyword for words of a programming language
 * @param literal for strings in code
 * @param reset behind any of them
 */
public record Theme(
        String prompt,
        String dim,
        String error,
        String strong,
        String code,
        String keyword,
        String literal,
        String reset) {

    /** No escape sequences at all. */
    public static final Theme PLAIN = new Theme("", "", "", "", "", "", "", "");

    /** Attributes and colours that every terminal since the VT100's heirs understands. */
    public static final Theme ANSI = new Theme(
            "\u001b[1m", "\u001b[2m", "\u001b[31m", "\u001b[1m", "\u001b[36m", "\u001b[35m", "\u001b[32m", "\u001b[0m");

    /**
     * The theme for a terminal. An explicit {@code ALWAYS} beats the environment, as
     * <a href="https://no-color.org">no-color.org</a> asks.
     *
     * @param environment where {@code NO_COLOR} and {@code TERM} are looked up
     */
    public static Theme choose(ColorChoice mode, Map<String, String> environment) {
        return switch (mode) {
            case ALWAYS -> ANSI;
            case NEVER -> PLAIN;
            case AUTO -> {
                boolean refused = !environment.getOrDefault("NO_COLOR", "").isEmpty();
                boolean dumb = environment.getOrDefault("TERM", "dumb").equals("dumb");
                yield refused || dumb ? PLAIN : ANSI;
            }
        };
    }

    public boolean isPlain() {
        return equals(PLAIN);
    }

    public String dim(String text) {
        return dim + text + reset;
    }

    public String error(String text) {
        return error + text + reset;
    }

    public String prompt(String text) {
        return prompt + text + reset;
    }
}
