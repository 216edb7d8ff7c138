package dev.flexgen.chat.dialogue;

/** Is told when a dialogue has changed, on the thread that talks. */
@FunctionalInterface
public interface DialogueObserver {

    void onChange(DialogueChange change, Dialogue dialogue);

    /**
     * A reply is about to be made, which may take long and may fail.
     *
     * @param message what it answers; empty if the last reply goes on
     */
    default void onReplyBegins(String message, Dialogue dialogue) {}
}
