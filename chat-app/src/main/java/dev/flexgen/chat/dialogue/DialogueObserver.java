package dev.flexgen.chat.dialogue;

/** Is told when a dialogue has changed, on the thread that talks. */
@FunctionalInterface
public interface DialogueObserver {

    void onChange(DialogueChange change, Dialogue dialogue);
}
