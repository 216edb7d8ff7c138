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
    /** {@link Ops#attend}. */
    ATTEND("attend over", "keys and values");

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
        return this == APPEND || this == ATTEND;
    }
}
