package dev.flexgen.chat.dialogue;

import java.util.List;

/** Hears a turn: first what happened to the dialogue, then the reply. */
public interface DialogueListener extends ReplyListener {

    void onEvent(DialogueEvent event);

    /** The reply begins within the model's thoughts: the mark before them is in the prompt, or in the reply that goes on. */
    default void onThoughts() {}

    /** Several replies are made at once; this is what each says so far. */
    default void onPreviews(List<String> texts) {}
}
