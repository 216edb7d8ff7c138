package dev.flexgen.config;

/** Colours for which background. */
public enum ThemeChoice {
    /** What the terminal says of its background, where it says it (COLORFGBG); else as for a dark one. */
    AUTO,
    DARK,
    LIGHT,
    /** No colours. */
    NONE
}
