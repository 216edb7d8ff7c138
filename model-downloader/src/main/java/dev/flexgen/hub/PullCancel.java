package dev.flexgen.hub;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;

/** Stops a pull from another thread. Safe for any thread. */
public final class PullCancel {

    private volatile boolean cancelled;
    private final CopyOnWriteArrayList<Runnable> wakers = new CopyOnWriteArrayList<>();

    /** Makes the pull end soon with a {@link CancellationException}; what it has fetched stays. */
    public void cancel() {
        cancelled = true;
        wakers.forEach(Runnable::run);
    }

    /** Whether {@link #cancel} was called. */
    public boolean cancelled() {
        return cancelled;
    }

    /** Has {@code waker} run when cancelled, at once if that has happened; until the handle is closed. */
    Registration onCancel(Runnable waker) {
        wakers.add(waker);
        if (cancelled) {
            waker.run();
        }
        return () -> wakers.remove(waker);
    }

    /** Ends a registration. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
