package dev.flexgen.hub;

import dev.flexgen.hub.HubException.Kind;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Tries again what may go right the next time: later and later, but not for ever. */
final class Repeats {

    private static final int MOST_WAITS = 10;
    private static final Duration SLICE = Duration.ofMillis(100);

    private final Tuning tuning;
    private final Stop stop;
    private final Consumer<PullEvent> events;

    Repeats(Tuning tuning, Stop stop, Consumer<PullEvent> events) {
        this.tuning = tuning;
        this.stop = stop;
        this.events = events;
    }

    /** Something that may fail for a while. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws TransientException;
    }

    /**
     * Runs the attempt until it succeeds.
     *
     * @param what is fetched, for the user
     * @param done grows with progress, which is why an attempt that got somewhere, and not by a few bytes, does not count
     * @throws HubException when it has failed too often
     */
    <T> T call(String what, LongSupplier done, Attempt<T> attempt) {
        int failures = 0;
        int waits = 0;
        long before = done.getAsLong();
        while (true) {
            stop.check();
            try {
                return attempt.run();
            } catch (TransientException e) {
                stop.check();
                if (done.getAsLong() - before >= Silence.LEAST_BYTES) {
                    before = done.getAsLong();
                    failures = 0;
                    waits = 0;
                }
                if (e.askedDelay().isPresent()) {
                    waits++;
                    Duration delay = e.askedDelay().get();
                    if (waits > MOST_WAITS || delay.compareTo(tuning.longestWait()) > 0) {
                        throw new HubException(
                                Kind.SERVER,
                                "The hub refuses " + what + " for another " + delay.toSeconds() + " s (" + e.reason()
                                        + "): run it again later, it goes on from here.",
                                e);
                    }
                    events.accept(new PullEvent.Waiting(e.reason(), delay));
                    sleep(delay);
                } else {
                    failures++;
                    if (failures >= tuning.attempts()) {
                        throw new HubException(
                                Kind.NETWORK,
                                what + " cannot be fetched: " + e.reason()
                                        + "; check the connection and run it again, it goes on from here.",
                                e);
                    }
                    Duration delay = backoff(failures);
                    events.accept(new PullEvent.Retrying(what, e.reason(), delay));
                    sleep(delay);
                }
            }
        }
    }

    /** Doubles each time; between half of it and all of it, so that not everybody comes back in the same moment. */
    private Duration backoff(int failures) {
        long most = Math.min(
                tuning.longestDelay().toMillis(), tuning.firstDelay().toMillis() << Math.min(failures - 1, 20));
        return Duration.ofMillis(most / 2 + tuning.random().nextLong(most / 2 + 1));
    }

    private void sleep(Duration delay) {
        try {
            for (Duration left = delay; left.isPositive(); left = left.minus(SLICE)) {
                stop.check();
                tuning.sleeper().sleep(left.compareTo(SLICE) < 0 ? left : SLICE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the pull was interrupted");
        }
    }
}
