package dev.flexgen.chat.machine;

/** How a conversation with a model feels, from best to worst. */
public enum SpeedClass {
    /** As fast as most people read, or faster. */
    READS_ALONG("reads along"),
    SLOW("slow"),
    /** Less than a token a second. */
    PATIENCE("takes patience"),
    /** As fast as a disk is. */
    FROM_DISK("from disk"),
    /** It runs, but the machine was not measured. */
    UNKNOWN("speed unknown"),
    DOES_NOT_FIT("does not fit");

    static final double READING_TOKENS_PER_SECOND = 8;
    static final double PATIENT_TOKENS_PER_SECOND = 1;

    private final String label;

    SpeedClass(String label) {
        this.label = label;
    }

    /** For people. */
    public String label() {
        return label;
    }

    static SpeedClass of(double tokensPerSecond) {
        if (tokensPerSecond > READING_TOKENS_PER_SECOND) {
            return READS_ALONG;
        }
        return tokensPerSecond >= PATIENT_TOKENS_PER_SECOND ? SLOW : PATIENCE;
    }
}
