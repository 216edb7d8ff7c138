package dev.flexgen.chat.repl.command;

/** Whether something may or must stand behind a command's name. */
public enum Arguments {
    NONE,
    OPTIONAL,
    REQUIRED
}
