package dev.flexgen.chat.pull;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/** The speed of the last few seconds, so that it follows the network and yet can be read. Owned by one thread at a time. */
final class Rate {

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private final Deque<Sample> samples = new ArrayDeque<>();

    private record Sample(long nanos, long bytes) {}

    /** @param bytes in all, so far; less than before where something had to be thrown away */
    void add(long nanos, long bytes) {
        if (!samples.isEmpty() && bytes < samples.getLast().bytes()) {
            samples.clear();
        }
        samples.addLast(new Sample(nanos, bytes));
        while (samples.size() > 2 && nanos - samples.getFirst().nanos() > WINDOW_NANOS) {
            samples.removeFirst();
        }
    }

    /** 0 while there is too little to tell. */
    double bytesPerSecond(long nowNanos) {
        if (samples.size() < 2) {
            return 0;
        }
        long nanos = nowNanos - samples.getFirst().nanos();
        long bytes = samples.getLast().bytes() - samples.getFirst().bytes();
        return nanos < LEAST_NANOS ? 0 : bytes * 1e9 / nanos;
    }
}
