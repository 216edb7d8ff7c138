package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.TextLines;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.PlainText;

/** The message of {@code flexgen-chat "QUESTION"}: the question, and below it what comes through a pipe. */
final class OneQuestion {

    /** More than any model's context holds. */
    private static final int MOST_CHARACTERS = 16 << 20;

    private OneQuestion() {}

    /**
     * Waits until the pipe ends, if there is one.
     *
     * @throws CommandException if the question is a single word about nothing, or the input is no text
     */
    static String message(Wiring wiring, String question) {
        String text = input(wiring).strip();
        String asked = question.strip();
        if (text.isEmpty() && !FirstWord.isQuestion(asked)) {
            throw CommandException.usage(
                    asked.isEmpty()
                            ? "the question is empty; ask one such as: flexgen-chat \"What is a tensor?\""
                            : "'" + PlainText.excerpt(asked)
                                    + "' is no command and no question; a question has several words, and what one word is"
                                    + " about comes through a pipe: cat FILE | flexgen-chat \"explain\"");
        }
        return text.isEmpty() ? asked : asked.isEmpty() ? text : asked + "\n\n" + text;
    }

    private static String input(Wiring wiring) {
        Streams streams = wiring.streams();
        if (streams.inTerminal().getAsBoolean()) {
            return "";
        }
        return TextLines.whole("standard input", wiring.interruption().guard(streams.in()), MOST_CHARACTERS);
    }
}
