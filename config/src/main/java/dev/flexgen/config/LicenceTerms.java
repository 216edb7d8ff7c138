package dev.flexgen.config;

/** What a model's licence asks of the people who use it, as far as they must agree before a download. */
public enum LicenceTerms {
    /** Any use, as open source licences allow it. */
    OPEN,
    /** Any use but those that the licence lists. */
    RESTRICTED,
    /** Research and other use without a commercial purpose. */
    NON_COMMERCIAL;

    /** Whether a person should have agreed to it before using the model. */
    public boolean askFirst() {
        return this != OPEN;
    }

    /** The consequence in a few words. */
    public String summary() {
        return switch (this) {
            case OPEN -> "open source";
            case RESTRICTED -> "with restrictions on use";
            case NON_COMMERCIAL -> "non-commercial use only";
        };
    }
}
