package dev.flexgen.hub;

import dev.flexgen.config.PlainText;

/**
 * A model that cannot be found, named, downloaded or stored: one sentence for the user saying what was looked for, where, and
 * what to do. The sentence can be printed: names and texts of a hub within it are {@link PlainText}.
 */
public final class HubException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** What sort of trouble it is, for callers that act on it. */
    public enum Kind {
        /** The hub has no such model, or hides it from who asks. */
        NOT_FOUND,
        /** The hub has the model, but not at that revision. */
        NO_REVISION,
        /** The model's terms must be accepted on its page first. */
        GATED,
        /** The access token is wrong or may not do this. */
        UNAUTHORIZED,
        /** Going to the network is switched off. */
        OFFLINE,
        /** The hub cannot be reached, or not for long enough. */
        NETWORK,
        /** The file system is too full. */
        NO_SPACE,
        /** What the hub sends is not what it announced, twice. */
        CORRUPT,
        /** The model store cannot be written. */
        STORE,
        /** The hub answered something that it should not. */
        SERVER,
        /** The repository holds no model that could be used here. */
        NOT_A_MODEL,
        /** Anything that concerns this machine only: names, settings, files. */
        LOCAL
    }

    /** Takes one sentence: what, where, what to do. Of kind {@link Kind#LOCAL}. */
    public HubException(String message) {
        this(Kind.LOCAL, message);
    }

    /** Takes one sentence: what, where, what to do. Of kind {@link Kind#LOCAL}. */
    public HubException(String message, Throwable cause) {
        this(Kind.LOCAL, message, cause);
    }

    /** Takes one sentence: what, where, what to do. */
    public HubException(Kind kind, String message) {
        super(PlainText.line(message));
        this.kind = kind;
    }

    /** Takes one sentence: what, where, what to do. */
    public HubException(Kind kind, String message, Throwable cause) {
        super(PlainText.line(message), cause);
        this.kind = kind;
    }

    /** What sort of trouble it is. */
    public Kind kind() {
        return kind;
    }

    /** Always present, unlike {@link Throwable#getMessage()}'s contract. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
