package dev.flexgen.chat.dialogue;

/** Hears a reply while it is made, on the thread that asked for it. */
public interface ReplyListener {

    /** The next piece of the reply: never half a character, never the begin of a stop string, trimmed on both sides. */
    void onText(String text);

    /** Progress of reading the prompt, before the first text. */
    default void onPrefill(int doneTokens, int totalTokens) {}
}
