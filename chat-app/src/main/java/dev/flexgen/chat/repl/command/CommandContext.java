package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.pull.ModelPull;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.roles.Roles;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.HubRef;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The chat as a slash command sees it. For the chat's thread. */
public interface CommandContext {

    Commands commands();

    Dialogue dialogue();

    /** Who is talked with at the moment. */
    Partner partner();

    /** Has somebody else go on with the conversation, which is told the whole of it at the next turn. */
    void partner(Partner other);

    /** The models of this machine. */
    ModelShelf models();

    /** The roles that the user has written. */
    Roles roles();

    /**
     * Shows a download on the terminal until it ends; Ctrl-C stops it. Ends as {@link ModelPull#run} does.
     *
     * @return how far it got
     */
    PullState download(ModelPull pull, HubRef model);

    /**
     * Shows what the model does until the user goes back.
     *
     * @return false if this terminal cannot show it
     * @throws IOException if it fails
     */
    boolean monitor() throws IOException;

    /** Whether it comes with every reply from now on. */
    void monitors(boolean withEveryReply);

    /** As they are now. */
    Settings settings();

    /** As they were when the chat began. */
    Settings initialSettings();

    /** From the next reply on. */
    void settings(Settings changed);

    /** What the last reply took. */
    Optional<Reply> lastReply();

    /** The path that the user means by this text. */
    Path path(String text);

    /** Has the user change a text in an editor. */
    TextEditor editor();

    /** Asks the user something, on a line of its own; empty if it is not answered (Ctrl-C, Ctrl-D). */
    Optional<String> ask(String question);

    /** Sends the terminal something that it does not show; {@code false} if this terminal would show it. */
    boolean send(String escapeSequence);

    /** Shows text that is no part of the conversation; may have several lines, without the last line's end. */
    void remark(String text);

    /** Shows why something could not be done. */
    void error(String text);
}
