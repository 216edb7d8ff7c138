package dev.flexgen.engine.plan;

/** How a device gets at the weights of a shard that it multiplies with. */
public enum Access {
    /** They are in the memory that the device computes on. */
    RESIDENT,
    /** They are brought to the device whole, ahead of their use, into a ring of slots. */
    STREAMED,
    /** A GPU reads the rows it needs from page-locked host memory, where they are. */
    MAPPED,
    /** Only the rows that the activations ask for are read from where they are, once that is known. */
    ON_DEMAND
}
