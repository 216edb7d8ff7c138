package dev.flexgen.engine;

/** Why a reply ended. */
public enum FinishReason {
    /** As many tokens as asked for, or the context is full. */
    LENGTH,
    /** The listener said so: a stop string. */
    STOP,
    /** The model ended the text. */
    EOS,
    /** The user did. */
    CANCELLED
}
