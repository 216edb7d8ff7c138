package dev.flexgen.chat.repl.render;

import dev.flexgen.config.ColorChoice;
import dev.flexgen.config.ThemeChoice;
import java.util.Map;
import java.util.regex.Pattern;

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

    /** The same for a light background, where cyan and green are hard to read. */
    public static final Theme LIGHT = new Theme(
            "\u001b[1m", "\u001b[2m", "\u001b[31m", "\u001b[1m", "\u001b[34m", "\u001b[35m", "\u001b[34m", "\u001b[0m");

    /** What the terminals that set it say of their background: a number from 7 on but 8 is a light one. */
    private static final Pattern LIGHT_BACKGROUND = Pattern.compile(".*;(7|9|1[0-5])");

    /** The theme for a terminal whose user has chosen one. */
    public static Theme choose(ThemeChoice theme, ColorChoice mode, Map<String, String> environment) {
        if (theme == ThemeChoice.NONE || choose(mode, environment).isPlain()) {
            return PLAIN;
        }
        String background = environment.getOrDefault("COLORFGBG", "");
        boolean light = theme == ThemeChoice.LIGHT
                || (theme == ThemeChoice.AUTO
                        && LIGHT_BACKGROUND.matcher(background).matches());
        return light ? LIGHT : ANSI;
    }

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
