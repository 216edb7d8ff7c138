package dev.flexgen.chat.dialogue;

/** Why a reply ended. */
public enum ReplyEnd {
    /** The model came to its end: an end token or a stop string. */
    FINISHED,
    /** The token limit or the end of the context. */
    LENGTH,
    /** The user stopped it. */
    STOPPED
}
