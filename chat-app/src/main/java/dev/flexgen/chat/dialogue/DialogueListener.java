package dev.flexgen.chat.dialogue;

/** Hears a turn: first what happened to the dialogue, then the reply. */
public interface DialogueListener extends ReplyListener {

    void onEvent(DialogueEvent event);
}
