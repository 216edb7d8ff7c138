package dev.flexgen.hub;

/** A model that cannot be found or named: one sentence for the user saying what was looked for, where, and what to do. */
public final class HubException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Takes one sentence: what, where, what to do. */
    public HubException(String message) {
        super(message);
    }

    /** Takes one sentence: what, where, what to do. */
    public HubException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Always present, unlike {@link Throwable#getMessage()}'s contract. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
