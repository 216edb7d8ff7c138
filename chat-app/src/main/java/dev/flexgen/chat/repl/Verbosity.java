package dev.flexgen.chat.repl;

/** How much the chat says besides the replies. */
public enum Verbosity {
    NORMAL,
    /** No greeting and no status behind replies; errors and lost turns are still told. */
    QUIET
}
