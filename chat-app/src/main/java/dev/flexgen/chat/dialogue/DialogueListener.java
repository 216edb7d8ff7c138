package dev.flexgen.chat.dialogue;

import java.util.List;

/** Hears a turn: first what happened to the dialogue, then the reply. */
public interface DialogueListener extends ReplyListener {

    void onEvent(DialogueEvent event);

    /** Several replies are made at once; this is what each says so far. */
    default void onPreviews(List<String> texts) {}
}
