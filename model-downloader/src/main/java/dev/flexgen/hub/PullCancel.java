package dev.flexgen.hub;

import java.util.concurrent.CancellationException;

/** Stops a pull from another thread. Safe for any thread. */
public final class PullCancel {

    private volatile boolean cancelled;

    /** Makes the pull end within a second with a {@link CancellationException}; what it has fetched stays. */
    public void cancel() {
        cancelled = true;
    }

    /** Whether {@link #cancel} was called. */
    public boolean cancelled() {
        return cancelled;
    }
}
