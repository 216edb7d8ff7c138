package dev.flexgen.engine.base;

import java.util.concurrent.CancellationException;

/** Asks a running request to stop. Used once; any thread may cancel, the engine looks between the halves of each layer. */
public final class CancelToken {

    private volatile boolean cancelled;

    public void cancel() {
        cancelled = true;
    }

    public boolean cancelled() {
        return cancelled;
    }

    /** Ends the caller's work if it was cancelled. */
    public void check() {
        if (cancelled) {
            throw new CancellationException("cancelled");
        }
    }
}
