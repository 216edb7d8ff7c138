package dev.flexgen.hub;

import dev.flexgen.config.PlainText;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Something went wrong that may go right the next time. The message is the reason, to stand within a sentence. */
final class TransientException extends Exception {

    private static final long serialVersionUID = 1L;

    private final @Nullable Duration askedDelay;

    TransientException(String reason, @Nullable Throwable cause) {
        super(PlainText.excerpt(reason), cause);
        this.askedDelay = null;
    }

    /** The hub itself said when to come back. */
    TransientException(String reason, Duration askedDelay) {
        super(reason);
        this.askedDelay = askedDelay;
    }

    String reason() {
        return String.valueOf(getMessage());
    }

    Optional<Duration> askedDelay() {
        return Optional.ofNullable(askedDelay);
    }
}
