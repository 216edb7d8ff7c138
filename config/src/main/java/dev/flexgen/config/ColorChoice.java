package dev.flexgen.config;

/** When output is coloured. */
public enum ColorChoice {
    /** On a terminal that can, unless NO_COLOR is set. */
    AUTO,
    /** Even into a pipe. */
    ALWAYS,
    /** Not at all. */
    NEVER
}
