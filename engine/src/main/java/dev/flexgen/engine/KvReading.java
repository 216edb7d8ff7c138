package dev.flexgen.engine;

/** Whether a file of keys and values is read also where computing its tokens again is faster, as far as that is known. */
public enum KvReading {
    ALWAYS,
    WHERE_FASTER
}
