package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Candidates;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.engine.base.CancelToken;
import java.util.function.Consumer;

/** What the chat does after a command. */
public sealed interface Outcome {

    Outcome CONTINUE = new Continue();
    Outcome LEAVE = new Leave();

    /** Shows the next prompt. */
    record Continue() implements Outcome {}

    /** Ends the chat. */
    record Leave() implements Outcome {}

    /** Shows the next prompt with this text on it, to be changed and sent. */
    record Draft(String text) implements Outcome {}

    /**
     * Has the model speak, and shows that as any reply.
     *
     * @param afterwards is given what was said, when all of it is shown
     */
    record Talk(Speech speech, Consumer<Reply> afterwards) implements Outcome {

        public Talk(Speech speech) {
            this(speech, _ -> {});
        }
    }

    /** Has the model answer several times, and the user choose. */
    record Several(Voices voices) implements Outcome {}

    /** Several answers. */
    @FunctionalInterface
    interface Voices {

        /** On the chat's thread; may throw what {@link dev.flexgen.chat.dialogue.Dialogue#say} throws. */
        Candidates make(DialogueListener listener, CancelToken cancel);
    }

    /** Something the model says. */
    @FunctionalInterface
    interface Speech {

        /** On the chat's thread; may throw what {@link dev.flexgen.chat.dialogue.Dialogue#say} throws. */
        Reply make(DialogueListener listener, CancelToken cancel);
    }
}
