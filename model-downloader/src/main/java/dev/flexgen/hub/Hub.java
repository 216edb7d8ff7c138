package dev.flexgen.hub;

import java.nio.file.Path;

/** Fetches models from the hub into the store. Safe for any thread. */
public final class Hub implements AutoCloseable {

    private final HubSettings settings;
    private final HubCache store;

    public Hub(HubSettings settings, HubCache store) {
        this.settings = settings;
        this.store = store;
    }

    /** What a pull would fetch. */
    public PullPlan plan(HubRef ref) {
        throw new UnsupportedOperationException(settings + " " + store + " " + ref);
    }

    /** Fetches what is missing. */
    public Path pull(PullPlan plan, PullListener listener, PullCancel cancel) {
        throw new UnsupportedOperationException(plan + " " + listener + " " + cancel);
    }

    @Override
    public void close() {}
}
