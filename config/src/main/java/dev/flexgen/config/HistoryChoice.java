package dev.flexgen.config;

/** How long what the user types is remembered for the Up key. */
public enum HistoryChoice {
    /** Not at all. */
    NONE,
    /** Until the chat ends. */
    SESSION,
    /** In a file, for later chats too. */
    ALL
}
