package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.KvLoad;
import dev.flexgen.engine.KvReading;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.Threads;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Reads a session's keys and values from a file while the user reads and types. The session is this one's alone until then. */
final class Recall implements AutoCloseable {

    private static final KvLoad NOTHING = new KvLoad(0, false, Optional.empty());
    private static final Duration LOOK = Duration.ofMillis(20);

    private final CancelToken cancel = new CancelToken();
    private final Thread thread;
    private volatile KvLoad result = NOTHING;
    private volatile int done;
    private volatile int total;

    Recall(Session session, Path file, int[] prompt) {
        thread = Thread.ofPlatform().name("flexgen-recall").daemon().start(() -> run(session, file, prompt));
    }

    private void run(Session session, Path file, int[] prompt) {
        try {
            result = session.load(file, prompt, KvReading.WHERE_FASTER, cancel, (read, all) -> {
                done = read;
                total = all;
            });
        } catch (CancellationException e) {
            // whoever cancelled it knows
        } catch (RuntimeException e) {
            // a device or a model that fails tells the next reply, which computes everything
        }
    }

    /** Waits for the end, shows how far it is, and ends it early if {@code reply} is cancelled. */
    KvLoad await(CancelToken reply, ReplyListener listener) {
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = thread.join(LOOK);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            if (!ended && total > 0) {
                listener.onPrefill(done, total);
            }
            if (reply.cancelled()) {
                cancel.cancel();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return result;
    }

    /** Whether it has come to its end, and the session may be used. */
    boolean over() {
        return !thread.isAlive();
    }

    @Override
    public void close() {
        cancel.cancel();
        Threads.joinUninterruptibly(thread);
    }
}
