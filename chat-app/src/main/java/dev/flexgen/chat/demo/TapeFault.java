package dev.flexgen.chat.demo;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.PlainText;

/** Sentences about what is wrong with a tape: file, line, what is allowed. */
final class TapeFault {

    private TapeFault() {}

    /** Something in a line that cannot be obeyed. */
    static CommandException at(String source, int line, String sentence) {
        return CommandException.usage(place(source, line) + sentence);
    }

    /** Something that did not happen when the line was played. */
    static CommandException failed(String source, int line, String sentence) {
        return CommandException.failure(place(source, line) + sentence);
    }

    private static String place(String source, int line) {
        return PlainText.line(source) + ", line " + line + ": ";
    }
}
