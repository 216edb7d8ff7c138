package dev.flexgen.chat.repl.render;

import dev.flexgen.config.ThoughtsChoice;

/** Makes terminal lines of text that comes piece by piece; what it returned is never moved again. Owned by one thread. */
public interface TextFlow {

    /** What can be shown now that this text has come too; the last, perhaps unfinished word is held back. */
    String push(String text);

    /** What was held back. */
    String finish();

    /** What to put between the text shown so far and a remark of so many columns: nothing, a blank or a line end. */
    String separator(int width);

    /** Columns to the right of what is shown. */
    int room();

    /** Wraps to another width from the next word on; 0 or less for no wrapping. */
    void resize(int columns);

    /** What comes first are the model's thoughts, although nothing marks their begin. Before any text. */
    default void thinking() {}

    /** The text that comes next is one more token's. */
    default void token() {}

    /** What of the text is not shown at the moment, in words; empty if there is nothing of that kind. */
    default String hidden() {
        return "";
    }

    /** The flow for replies: as Markdown, with dim thoughts, where the theme has a dress for it, else as it is. */
    static TextFlow forReplies(Theme theme, ThoughtsChoice thoughts, int columns) {
        return theme.isPlain()
                ? new WordWrap(columns)
                : new ThoughtFlow(theme, thoughts, columns, new MarkdownFlow(theme, columns));
    }
}
