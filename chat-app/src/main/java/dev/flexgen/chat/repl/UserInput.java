package dev.flexgen.chat.repl;

/** What the user did at the prompt, understood. */
sealed interface UserInput {

    /** Begins and ends a message of several lines. */
    String FENCE = "\"\"\"";

    /** Ctrl-D, or the terminal is gone. */
    record Leave() implements UserInput {}

    /** Only white space. */
    record Nothing() implements UserInput {}

    /** Words for the model. */
    record Message(String text) implements UserInput {}

    /**
     * A slash command.
     *
     * @param name its first word, with the slash
     * @param argument the rest, trimmed
     */
    record Command(String name, String argument) implements UserInput {}

    static UserInput of(String entered) {
        var text = entered.strip();
        if (text.startsWith(FENCE)) {
            return message(unfenced(text.substring(FENCE.length())));
        }
        if (text.startsWith("//")) {
            return message(text.substring(1));
        }
        if (text.startsWith("/")) {
            var words = text.split("\\s+", 2);
            return new Command(words[0], words.length > 1 ? words[1] : "");
        }
        return message(text);
    }

    /** Whether a fence was opened that is not closed yet. */
    static boolean isOpen(String entered) {
        var text = entered.stripLeading();
        return text.startsWith(FENCE) && text.indexOf(FENCE, FENCE.length()) < 0;
    }

    private static UserInput message(String text) {
        return text.isBlank() ? new Nothing() : new Message(text.strip());
    }

    /** What stands between the fences, and behind the second one. */
    private static String unfenced(String behindFence) {
        int end = behindFence.indexOf(FENCE);
        if (end < 0) {
            return behindFence;
        }
        var tail = behindFence.substring(end + FENCE.length()).strip();
        var block = behindFence.substring(0, end);
        return tail.isEmpty() ? block : block.stripTrailing() + "\n" + tail;
    }
}
