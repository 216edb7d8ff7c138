package dev.flexgen.chat.repl.render;

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

    /** The flow for replies: as Markdown, with dim thoughts, where the theme has a dress for it, else as it is. */
    static TextFlow forReplies(Theme theme, int columns) {
        return theme.isPlain()
                ? new WordWrap(columns)
                : new ThoughtFlow(theme, columns, new MarkdownFlow(theme, columns));
    }
}
