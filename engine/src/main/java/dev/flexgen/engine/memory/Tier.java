package dev.flexgen.engine.memory;

/** Where bytes live: FlexGen's three levels, fastest first. */
public enum Tier {
    /** Device memory. */
    GPU,
    /** Host memory. */
    HOST,
    /** Files. */
    DISK
}
