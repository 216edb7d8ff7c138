package dev.flexgen.chat.repl.render;

import dev.flexgen.config.PlainText;

/**
 * Makes a model's text harmless to a terminal: a model that has read terminal logs can write escape sequences, which
 * would move the cursor, recolour the screen or type into the shell.
 */
public final class ControlCharacters {

    private ControlCharacters() {}

    /** What {@link PlainText#of} makes of it. */
    public static String neutralise(String text) {
        return PlainText.of(text);
    }
}
