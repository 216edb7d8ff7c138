package dev.flexgen.chat.dialogue;

/** What happened to a dialogue's turns. */
public enum DialogueChange {
    /** A turn was added, or its reply went on. */
    TURN,
    /** The last turns were forgotten, or forgotten ones came back. */
    TAKEN_BACK,
    /** All turns were forgotten; the conversation is the same. */
    CLEARED,
    /** The turns so far are one conversation, what follows is another. */
    ANOTHER,
    /** The turns are those of a conversation that was kept somewhere. */
    RESTORED,
    /** The system text is another. */
    SYSTEM_TEXT,
    /** A summary stands for some turns. */
    COMPRESSED,
    /** Another model goes on with the same turns. */
    MODEL
}
