package dev.flexgen.chat;

import dev.flexgen.engine.Machine;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Loads what every model computes with on a thread of its own, while the command line is read and the terminal opened: the two take
 * equally long. Safe for several threads.
 */
public final class HeadStart {

    private @Nullable CompletableFuture<Void> loading;

    /** Begins, if nobody did before. */
    public void begin() {
        var _ = begun();
    }

    private synchronized CompletableFuture<Void> begun() {
        if (loading == null) {
            loading = CompletableFuture.runAsync(
                    HeadStart::load,
                    task -> Thread.ofPlatform().daemon().name("head-start").start(task));
        }
        return loading;
    }

    /**
     * Returns when all is loaded, always by that one thread: two threads that initialize the same classes in different orders could
     * wait for each other for ever.
     */
    public void await() {
        try {
            begun().join();
        } catch (CompletionException e) {
            rethrow(e.getCause());
        }
    }

    private static void rethrow(@Nullable Throwable failure) {
        switch (failure) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case null, default -> throw new IllegalStateException(failure); // loading declares none
        }
    }

    private static void load() {
        VectorModule.load();
        Machine.prepare();
    }
}
