package dev.flexgen.config;

/** How a user is told that a long reply has ended. */
public enum NotifyChoice {
    /** By the bell, the terminal's notification and, while the reply is made, the window's title. */
    ALL,
    /** By the bell. */
    BELL,
    /** Not at all. */
    NONE
}
