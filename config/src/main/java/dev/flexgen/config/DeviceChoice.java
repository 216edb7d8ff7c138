package dev.flexgen.config;

/** Which devices may compute. */
public enum DeviceChoice {
    /** The best of what the machine has. */
    AUTO,
    /** The processor alone. */
    CPU,
    /** An NVIDIA GPU, with the processor beside it. */
    CUDA
}
