package dev.flexgen.engine.plan;

/** What a plan cuts into shards. */
public enum Component {
    /** Attention, by groups of query heads that share a key head: query, key, value and output projections. */
    HEADS,
    /** The first half of a feed-forward block, by neurons: fc1. */
    UP,
    /** Its second half, by the same neurons: fc2. */
    DOWN,
    /** The output head, by rows of the vocabulary. */
    VOCABULARY
}
