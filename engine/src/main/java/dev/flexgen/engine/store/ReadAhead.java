package dev.flexgen.engine.store;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Has the system read parts of mapped files from the first byte to the last before they are used: turning a matrix visits every page of
 * it for a few rows, which no disk likes. Owned by one thread.
 */
final class ReadAhead implements AutoCloseable {

    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("flexgen-read-ahead").factory());
    private final Map<Integer, Future<?>> loading = new HashMap<>();

    /** Begins to read part {@code index}, unless that was asked for before. */
    void load(int index, MemorySegment part) {
        loading.computeIfAbsent(
                index,
                _ -> thread.submit(() -> {
                    if (part.isMapped()) {
                        part.load();
                    }
                }));
    }

    /** Waits until it is read. */
    void await(int index) {
        Future<?> part = loading.remove(index);
        try {
            if (part != null) {
                part.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // it is read when it is used
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InternalError cut) {
                throw cut;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
