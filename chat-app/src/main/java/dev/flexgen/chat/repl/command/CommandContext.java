package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Dialogue;

/** The chat as a slash command sees it. For the chat's thread. */
public interface CommandContext {

    Commands commands();

    Dialogue dialogue();

    /** Shows text that is no part of the conversation; may have several lines, without the last line's end. */
    void remark(String text);

    /** Shows why something could not be done. */
    void error(String text);
}
