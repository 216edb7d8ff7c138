package dev.flexgen.hub;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Says how many streams a file deserves. Where few of them fill the line, more only cost processor time, and bring the bytes out
 * of order; so their number grows as long as the line is not full. Safe for threads.
 */
final class Pace {

    private final int most;
    private final Duration sample;
    private final long enoughBytesPerSecond;
    private final LongSupplier arrived;
    private int streams = 1;
    private long before;
    private long since = System.nanoTime();

    /**
     * Starts with one stream.
     *
     * @param most streams of a file
     * @param sample the time after which a file may have one more
     * @param enoughBytesPerSecond of all files together, at which it has not
     * @param arrived bytes of all files so far
     */
    Pace(int most, Duration sample, long enoughBytesPerSecond, LongSupplier arrived) {
        this.most = most;
        this.sample = sample;
        this.enoughBytesPerSecond = enoughBytesPerSecond;
        this.arrived = arrived;
        this.before = arrived.getAsLong();
    }

    synchronized int streamsPerFile() {
        long now = System.nanoTime();
        long nanos = now - since;
        if (streams < most && nanos >= sample.toNanos()) {
            long bytes = arrived.getAsLong();
            boolean slow = (bytes - before) * 1e9 < (double) enoughBytesPerSecond * nanos;
            streams += slow ? 1 : 0;
            before = bytes;
            since = now;
        }
        return streams;
    }
}
