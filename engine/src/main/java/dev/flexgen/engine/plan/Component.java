package dev.flexgen.engine.plan;

/** What a plan cuts into shards. */
public enum Component {
    /** Attention, by groups of query heads that share a key head: query, key, value and output projections. */
    HEADS,
    /** The first half of the feed-forward network that every token passes through, by neurons: fc1, with its gate. */
    UP,
    /** Its second half, by the same neurons: fc2. */
    DOWN,
    /** Experts, whole: gate, up and down projection of each. */
    EXPERTS,
    /** The output head, by rows of the vocabulary. */
    VOCABULARY
}
