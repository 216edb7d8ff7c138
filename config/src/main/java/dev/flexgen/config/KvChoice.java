package dev.flexgen.config;

/** The number format of the cached keys and values. */
public enum KvChoice {
    /** The engine decides. */
    AUTO,
    /** Single precision. */
    F32,
    /** Half precision: half the memory. */
    F16,
    /** Four bits where a page is full, half precision elsewhere. */
    Q4
}
