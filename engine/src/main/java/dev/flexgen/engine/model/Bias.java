package dev.flexgen.engine.model;

/** Whether a projection has a bias. */
public enum Bias {
    NONE,
    /** In all layers, or in none: only the files tell. */
    IF_STORED,
    ALWAYS
}
