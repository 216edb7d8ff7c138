package dev.flexgen.engine.model;

/** A part of a transformer that has weights, whatever checkpoints call it. */
public enum ModelPart {
    /** The token table. */
    TOKENS,
    /** The table of learned positions. */
    POSITIONS,
    /** The norm behind the token table. */
    TOKENS_NORM,
    /** From the token table's width to the residual stream's, and back. */
    PROJECT_IN,
    PROJECT_OUT,
    FINAL_NORM,
    /** The output head, by vocabulary. */
    HEAD,
    ATTENTION_NORM,
    QUERY,
    KEY,
    VALUE,
    /** Norms over each head of q and k. */
    QUERY_NORM,
    KEY_NORM,
    ATTENTION_OUT,
    /** Norms of what a half of a block adds to the residual stream. */
    ATTENTION_OUT_NORM,
    FFN_NORM,
    GATE,
    UP,
    DOWN,
    FFN_OUT_NORM,
    /** Chooses the experts of a token. */
    ROUTER,
    /** The expert that every token passes through. */
    SHARED_GATE,
    SHARED_UP,
    SHARED_DOWN;

    public Role weight() {
        return new Role(this, Param.WEIGHT);
    }

    public Role bias() {
        return new Role(this, Param.BIAS);
    }

    /** Whether it leads back to the residual stream: such weights are kept with one row per input. */
    public boolean isDown() {
        return switch (this) {
            case ATTENTION_OUT, DOWN, SHARED_DOWN -> true;
            default -> false;
        };
    }
}
