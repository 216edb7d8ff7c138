package dev.flexgen.engine.plan;

/**
 * A step to be priced.
 *
 * @param sequences that take part
 * @param tokens new ones of each sequence
 * @param context positions that each sequence has before them
 * @param logits rows of logits that each sequence wants
 */
public record Step(int sequences, int tokens, int context, int logits) {

    public Step {
        if (sequences < 1 || tokens < 1 || context < 0 || logits < 1 || logits > tokens) {
            throw new IllegalArgumentException("no step has " + sequences + " sequences of " + tokens + " tokens after "
                    + context + ", with logits of " + logits);
        }
    }

    /** One whose sequences want the logits behind their last token. */
    public Step(int sequences, int tokens, int context) {
        this(sequences, tokens, context, 1);
    }

    /** One token of one reply. */
    public static Step decode(int context) {
        return new Step(1, 1, context);
    }

    /** One reply's next token and a draft behind it, with logits for each, which say whether the draft is right. */
    public static Step verify(int context, int drafted) {
        return new Step(1, 1 + drafted, context, 1 + drafted);
    }

    /** New tokens of all sequences. */
    public int rows() {
        return sequences * tokens;
    }

    /** The output head's part: only rows that want logits reach it. */
    Step head() {
        return new Step(sequences * logits, 1, 0);
    }

    /** Positions that a token attends over, on average over the new ones. */
    double attended() {
        return context + (tokens + 1) / 2.0;
    }
}
