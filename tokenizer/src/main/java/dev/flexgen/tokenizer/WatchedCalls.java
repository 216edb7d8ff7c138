package dev.flexgen.tokenizer;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Limits how long a text may be split. The native library cannot be interrupted, so long texts are split on a thread of
 * their own, which is given up when it takes too long: it then goes on unheard, and only a few may do so.
 */
final class WatchedCalls {

    /** A million characters of real text take two seconds or three. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    /** Shorter texts cannot take long, whatever they are. */
    private static final int SHORT = 4000;

    private static final int MOST_GIVEN_UP = 2;

    private final AtomicInteger givenUp = new AtomicInteger();
    private final Duration limit;

    WatchedCalls() {
        this(LIMIT);
    }

    WatchedCalls(Duration limit) {
        this.limit = limit;
    }

    boolean anyGivenUp() {
        return givenUp.get() > 0;
    }

    /**
     * What {@code work} returns or throws.
     *
     * @param length characters of the text it works on
     * @throws TokenizerException of the kind TEXT if it takes too long
     */
    <T> T call(int length, Supplier<T> work) {
        if (length <= SHORT) {
            return work.get();
        }
        if (givenUp.get() >= MOST_GIVEN_UP) {
            throw tooLong(length);
        }
        var task = new FutureTask<>(work::get);
        Thread.ofPlatform().daemon().name("tokenizer-text").start(task);
        return result(task, length);
    }

    private <T> T result(FutureTask<T> task, int length) {
        long deadline = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true; // this is not how a reply is stopped
                } catch (TimeoutException e) {
                    givenUp.incrementAndGet();
                    throw tooLong(length);
                } catch (ExecutionException e) {
                    throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private TokenizerException tooLong(int length) {
        return TokenizerException.text("It takes too long to split this text of " + length + " characters into tokens,"
                + " since the model's tokenizer is not made for such a text: shorten it or send it in parts.");
    }
}
