package dev.flexgen.chat.repl.command;

import java.io.IOException;

/** An editor for texts of several lines. */
@FunctionalInterface
public interface TextEditor {

    /**
     * Returns when the user has left it.
     *
     * @return the text as it is then
     * @throws IOException if there is no editor or it failed; the message says what to do
     */
    String edit(String text) throws IOException;
}
