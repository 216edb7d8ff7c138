package dev.flexgen.engine.device;

/** The operations of {@link Ops} whose kernels depend on how stored numbers are encoded. */
public enum Operation {
    /** {@link Ops#embed} and {@link Ops#embedAdd}. */
    EMBED("look up rows of", "weights"),
    /** {@link Ops#up} and {@link Ops#upEach}. */
    UP("multiply by", "weights"),
    /** {@link Ops#down}. */
    DOWN("multiply by transposed", "weights"),
    /** {@link Ops#append}. */
    APPEND("store", "keys and values"),
    /** {@link Ops#attend}; over sealed blocks, if the encoding is that of a page format. */
    ATTEND("attend over", "keys and values"),
    /** {@link Ops#seal}, to a page format of the encoding. */
    SEAL("seal pages of", "keys and values");

    private final String verb;
    private final String operand;

    Operation(String verb, String operand) {
        this.verb = verb;
        this.operand = operand;
    }

    /** For messages: "multiply by q4 weights". */
    String on(String encoding) {
        return verb + " " + encoding + " " + operand;
    }

    boolean isAttention() {
        return this == APPEND || this == ATTEND || this == SEAL;
    }
}
