package dev.flexgen.chat.repl.command;

/**
 * One way to complete the word that is being written.
 *
 * @param text replaces the word
 * @param summary shown beside it; may be empty
 * @param whole whether the word is then complete, so that a blank follows; false for a folder, whose files may follow
 */
public record Suggestion(String text, String summary, boolean whole) {

    public static Suggestion of(String text) {
        return new Suggestion(text, "", true);
    }

    public static Suggestion of(String text, String summary) {
        return new Suggestion(text, summary, true);
    }
}
