package dev.flexgen.config;

/** A setting, file or value that cannot be used: one sentence for the user saying what, where it came from and what is allowed. */
public final class ConfigException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** @param message one sentence: what, where, what to do */
    public ConfigException(String message) {
        super(message);
    }

    /** @param message one sentence: what, where, what to do */
    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Always present, unlike {@link Throwable#getMessage()}'s contract. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
