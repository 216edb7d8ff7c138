package dev.flexgen.engine.device;

/**
 * What the layers of some model families need and not every device computes, whatever the encoding of numbers. Everything else in
 * {@link Ops} each device computes.
 */
public enum Capability {
    /** {@link Norm.Kind#RMS}. */
    RMS_NORM("RMS norms"),
    /** {@link Ops#rotate}. */
    ROTARY("rotary positions"),
    /** {@link Scoring#slopes()}. */
    ALIBI("ALiBi positions"),
    /** {@link Scoring#window()}. */
    WINDOW("attention within a window"),
    /** The activations but ReLU and GELU. */
    SMOOTH_ACTIVATIONS("the activations SiLU and approximated GELU"),
    /** {@link Ops#gate}. */
    GATES("gated feed-forward networks"),
    /** {@link Ops#gather} and {@link Ops#scatterAdd}. */
    EXPERTS("experts");

    private final String what;

    Capability(String what) {
        this.what = what;
    }

    /** For messages: "rotary positions". */
    public String what() {
        return what;
    }
}
