package dev.flexgen.chat.dialogue;

/** Hears a reply while it is made, on the thread that asked for it. */
public interface ReplyListener {

    /** The next piece of the reply: never half a character, never the begin of a stop string, trimmed on both sides. */
    void onText(String text);

    /** The model has this prompt of so many tokens, before anything of it is read. */
    default void onPrompt(int tokens) {}

    /** The model has made another token; its text may come later. */
    default void onToken() {}

    /** Progress of reading the prompt, before the first text. */
    default void onPrefill(int doneTokens, int totalTokens) {}
}
