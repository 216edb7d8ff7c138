package dev.flexgen.chat.pull;

import dev.flexgen.hub.HubRef;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Runs a download and shows it meanwhile: the download's threads leave the newest state behind, a thread of its own takes it
 * to the display, so that no display ever slows a download down.
 */
public final class WatchedPull {

    private static final Duration TICK = Duration.ofMillis(200);

    private final ModelPull pull;
    private final PullDisplay display;
    private final AtomicReference<PullState> newest;
    private volatile @Nullable RuntimeException displayFailure;

    public WatchedPull(ModelPull pull, PullDisplay display) {
        this.pull = pull;
        this.display = display;
        this.newest = new AtomicReference<>(PullState.asking(""));
    }

    /** Ends as {@link ModelPull#run} does, with the last state shown; a display that fails stops the download. */
    public PullState run(HubRef model) {
        newest.set(PullState.asking(model.toString()));
        Optional<RuntimeException> failure = fetch(model);
        if (displayFailure != null) {
            throw displayFailure;
        }
        display.end(newest.get());
        if (failure.isPresent()) {
            throw failure.get();
        }
        return newest.get();
    }

    private Optional<RuntimeException> fetch(HubRef model) {
        Thread ticker = Thread.ofPlatform().daemon().name("progress").start(this::tick);
        try {
            pull.run(model, newest::set);
            return Optional.empty();
        } catch (RuntimeException failed) {
            return Optional.of(failed);
        } finally {
            ticker.interrupt();
            join(ticker);
        }
    }

    private void tick() {
        try {
            while (true) {
                display.show(newest.get());
                Thread.sleep(TICK);
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException nobodyLooks) {
            displayFailure = nobodyLooks; // the reader of a pipe has gone, say: no reason to go on
            pull.stop();
        }
    }

    private static void join(Thread ticker) {
        boolean interrupted = Thread.interrupted();
        while (true) {
            try {
                ticker.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
