package dev.flexgen.chat.repl.command;

import java.util.Optional;

/** Numbers of things, as people write them. */
final class Counted {

    private static final int MOST_DIGITS = 6;

    private Counted() {}

    /** {@code 1 turn}, {@code 2 turns}. */
    static String of(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** A whole number from 1 on; empty for anything else. */
    static Optional<Integer> parse(String text) {
        return text.matches("\\d{1," + MOST_DIGITS + "}") && Integer.parseInt(text) > 0
                ? Optional.of(Integer.parseInt(text))
                : Optional.empty();
    }
}
