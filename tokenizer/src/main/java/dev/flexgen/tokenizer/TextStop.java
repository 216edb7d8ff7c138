package dev.flexgen.tokenizer;

/** Finds where a text that arrives in pieces is to end, and passes on what comes before. Belongs to one reply and one thread. */
public interface TextStop {

    /** Takes more text and returns what is now certain to come before the end; nothing once stopped. */
    String push(String text);

    /** Whether the end has been found. */
    boolean stopped();

    /** The text is over: returns what was held back. */
    String flush();
}
