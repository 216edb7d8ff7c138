package dev.flexgen.engine.device;

/** The kinds of work that a device does beside each other: one {@link Stream} for each, ordered among themselves by events. */
public enum StreamRole {
    /** The device's operations. */
    COMPUTE,
    /** Weights on their way from host memory. */
    WEIGHTS_IN,
    /** Activations from other devices. */
    ACTIVATIONS_IN,
    /** Activations for other devices. */
    ACTIVATIONS_OUT
}
