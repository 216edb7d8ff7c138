package dev.flexgen.engine.model;

/** Which numbers of a {@link ModelPart} a tensor holds. */
public enum Param {
    WEIGHT,
    BIAS,
    /** What a router adds to its scores to choose experts, and only to choose. */
    CORRECTION
}
