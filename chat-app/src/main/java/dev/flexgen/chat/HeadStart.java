package dev.flexgen.chat;

import dev.flexgen.engine.Machine;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Loads what every model computes with on a thread of its own, while the command line is read and the terminal opened: the two take
 * equally long. Safe for several threads.
 */
public final class HeadStart {

    private @Nullable FutureTask<Void> loading;

    /** Begins, if nobody did before. */
    public synchronized void begin() {
        if (loading == null) {
            loading = new FutureTask<>(HeadStart::load, null);
            Thread.ofPlatform().daemon().name("head-start").start(loading);
        }
    }

    /**
     * Returns when all is loaded. Begun or not, it is loaded by one thread alone: two that initialize the same classes in another
     * order could wait for each other for ever.
     */
    void await() {
        FutureTask<Void> begun;
        synchronized (this) {
            if (loading == null) {
                loading = new FutureTask<>(HeadStart::load, null);
            }
            begun = loading;
        }
        begun.run(); // nothing where it runs or ran already
        boolean interrupted = false;
        while (true) {
            try {
                begun.get();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                rethrow(e.getCause());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
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
