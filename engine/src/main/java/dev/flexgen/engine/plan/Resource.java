package dev.flexgen.engine.plan;

/** What takes time in a step. */
public enum Resource {
    GPU("the GPU"),
    PROCESSOR("the processor"),
    BUS("the bus to the GPU"),
    DISK("the disk");

    private final String label;

    Resource(String label) {
        this.label = label;
    }

    /** For people. */
    public String label() {
        return label;
    }
}
