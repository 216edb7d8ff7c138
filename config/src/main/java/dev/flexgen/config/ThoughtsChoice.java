package dev.flexgen.config;

/** How the chat shows what a model thinks before it answers. */
public enum ThoughtsChoice {
    /** As the model writes them, dim. */
    SHOWN,
    /** As one line that says how long they were. */
    FOLDED
}
