package dev.flexgen.hub;

import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Ends all threads of one pull: because the user wants it, or because one of them has failed. Safe for threads. */
final class Stop {

    private final PullCancel cancel;
    private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();

    Stop(PullCancel cancel) {
        this.cancel = cancel;
    }

    boolean stopped() {
        return cancel.cancelled() || failure.get() != null;
    }

    /** The first failure is the one that the user hears of. */
    void fail(RuntimeException cause) {
        failure.compareAndSet(null, cause);
    }

    /** Throws what has ended the pull, if anything has. */
    void check() {
        RuntimeException cause = failure.get();
        if (cause != null && !(cause instanceof CancellationException)) {
            throw cause;
        }
        if (cause != null || cancel.cancelled()) {
            throw new CancellationException("the pull was cancelled");
        }
    }
}
