package dev.flexgen.engine.model;

/** How a model knows the order of its tokens. */
public sealed interface Positions {

    /**
     * A table of rows that are added to the tokens' before the first layer.
     *
     * @param offset row of the first token
     */
    record Learned(int offset) implements Positions {}

    /**
     * Pairs of numbers of q and k are turned by an angle that grows with the position.
     *
     * @param dims of each head that are turned, from the first on; the rest pass through
     * @param base of the angles' geometric series (theta)
     * @param interleaved whether neighbours (2m, 2m+1) form a pair, or else (m, m + dims/2)
     */
    record Rotary(int dims, double base, boolean interleaved) implements Positions {}

    /** Scores are lowered in proportion to the distance, by a slope for each head. */
    record Alibi() implements Positions {}

    /** Not at all. */
    record None() implements Positions {}
}
