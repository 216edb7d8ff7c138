package dev.flexgen.engine.memory;

/** Where bytes live: FlexGen's three levels, fastest first. */
public enum Tier {
    /** Device memory. */
    GPU("GPU", "--gpu-memory"),
    /** Host memory. */
    HOST("host", "--cpu-memory"),
    /** A file on a local disk, read around the page cache. */
    DISK("disk", "--disk-dir");

    private final String label;
    private final String option;

    Tier(String label, String option) {
        this.label = label;
        this.option = option;
    }

    /** In a sentence: "GPU memory". */
    public String label() {
        return label;
    }

    /** The option by which a user gives the engine more of it. */
    public String option() {
        return option;
    }
}
