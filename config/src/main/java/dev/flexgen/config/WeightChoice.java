package dev.flexgen.config;

/** The number format of weights in memory. */
public enum WeightChoice {
    /** The engine decides. */
    AUTO,
    /** As the model's files store them. */
    NATIVE,
    /** Half precision. */
    F16,
    /** 8 bits, 8.25 with scales. */
    Q8,
    /** 4 bits, 4.5 with scales and offsets. */
    Q4,
    /** 3 bits, 3.5 with scales and offsets. */
    Q3
}
