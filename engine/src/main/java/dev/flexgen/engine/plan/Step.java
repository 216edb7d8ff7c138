package dev.flexgen.engine.plan;

/**
 * A step to be priced.
 *
 * @param sequences that take part
 * @param tokens new ones of each sequence
 * @param context positions that each sequence has before them
 */
public record Step(int sequences, int tokens, int context) {

    public Step {
        if (sequences < 1 || tokens < 1 || context < 0) {
            throw new IllegalArgumentException(
                    "no step has " + sequences + " sequences of " + tokens + " tokens after " + context);
        }
    }

    /** One token of one reply. */
    public static Step decode(int context) {
        return new Step(1, 1, context);
    }

    /** New tokens of all sequences. */
    public int rows() {
        return sequences * tokens;
    }

    /** Positions that a token attends over, on average over the new ones. */
    double attended() {
        return context + (tokens + 1) / 2.0;
    }
}
