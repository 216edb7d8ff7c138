package dev.flexgen.engine.base;

/** Why a file of keys and values is not used, or not to its end. */
public enum KvFileFault {
    /** It is no such file. */
    FOREIGN,
    /** A later version wrote it. */
    NEWER,
    /** Bytes of it are missing or not as they were written. */
    DAMAGED,
    /** Its keys and values are of other weights, or in other encodings. */
    OTHER_MODEL,
    /** The system does not let it be read. */
    UNREADABLE
}
