package dev.flexgen.hub;

import java.net.URI;
import java.time.Duration;

/** How long a server has sent nothing, or so little that it makes no difference. Owned by one thread. */
final class Silence {

    /** What must come in the time, so that one byte now and then does not keep a request alive for ever. */
    static final long LEAST_BYTES = 1024;

    private final URI uri;
    private final Exchange exchange;
    private final Duration longest;
    private long sinceNanos = System.nanoTime();
    private long before;

    /** Begins now. */
    Silence(URI uri, Exchange exchange, Duration longest) {
        this.uri = uri;
        this.exchange = exchange;
        this.longest = longest;
    }

    /** Something has come. */
    void end() {
        sinceNanos = System.nanoTime();
        before = exchange.arrivedBytes();
    }

    /** Does not count a time in which nobody listened: a slow disk is no silence of the server's. */
    void excuse(long nanos) {
        sinceNanos += nanos;
    }

    /** Fails when it has lasted too long. */
    void check() throws TransientException {
        long arrived = exchange.arrivedBytes() - before;
        if (arrived >= LEAST_BYTES) {
            end();
        } else if (System.nanoTime() - sinceNanos > longest.toNanos()) {
            throw new TransientException(
                    uri.getHost() + " has sent " + (arrived == 0 ? "nothing for " : "only " + arrived + " bytes in ")
                            + text(longest),
                    (Throwable) null);
        }
    }

    private static String text(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }
}
