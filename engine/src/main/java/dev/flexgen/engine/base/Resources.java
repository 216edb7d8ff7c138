package dev.flexgen.engine.base;

import java.util.ArrayDeque;
import java.util.Deque;

/** What an object has taken so far, given back in reverse order, all of it, whatever fails. Owned by one thread. */
public final class Resources implements AutoCloseable {

    private final Deque<AutoCloseable> kept = new ArrayDeque<>();

    /** Keeps it until {@link #close()}. */
    public <T extends AutoCloseable> T keep(T resource) {
        kept.push(resource);
        return resource;
    }

    /** More than once does no harm. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!kept.isEmpty()) {
            try {
                kept.pop().close();
            } catch (Exception e) {
                RuntimeException wrapped = e instanceof RuntimeException it ? it : new IllegalStateException(e);
                failure = failure == null ? wrapped : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
