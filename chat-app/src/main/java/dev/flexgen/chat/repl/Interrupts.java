package dev.flexgen.chat.repl;

import dev.flexgen.engine.base.CancelToken;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What Ctrl-C means while a reply is made: the first stops the reply, a second one soon after leaves the program. At the
 * prompt the line editor has the signal. {@link #interrupt} runs on the signal's thread, the rest on the chat's.
 */
final class Interrupts {

    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final LongSupplier nanoTime;
    private final Runnable leaveAtOnce;
    private @Nullable CancelToken running;
    private long stoppedAt;
    private boolean leaving;

    /** @param leaveAtOnce what a second Ctrl-C does; need not return */
    Interrupts(LongSupplier nanoTime, Runnable leaveAtOnce) {
        this.nanoTime = nanoTime;
        this.leaveAtOnce = leaveAtOnce;
    }

    /** The token of the reply that begins now. */
    synchronized CancelToken begin() {
        running = new CancelToken();
        return running;
    }

    /** The reply has ended. */
    synchronized void end() {
        running = null;
    }

    /** Whether the user asked twice, so that the chat must end even if the reply ended after all. */
    synchronized boolean leaving() {
        return leaving;
    }

    void interrupt() {
        if (isSecond()) {
            leaveAtOnce.run();
        }
    }

    private synchronized boolean isSecond() {
        if (running == null) {
            return false;
        }
        long now = nanoTime.getAsLong();
        leaving = running.cancelled() && now - stoppedAt <= SOON_NANOS;
        stoppedAt = now;
        running.cancel();
        return leaving;
    }
}
