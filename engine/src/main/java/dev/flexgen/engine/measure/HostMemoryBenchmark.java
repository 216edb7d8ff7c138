package dev.flexgen.engine.measure;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.AvailableMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What this machine can do, measured.
 *
 * @param hostReadBytesPerSecond how fast {@code threads} threads together read host memory that no cache holds
 */
public record HostMemoryBenchmark(int threads, double hostReadBytesPerSecond) {

    /** Several times any last-level cache of a desktop machine. */
    private static final long BYTES = 1L << 30;

    private static final long MIN_BYTES = 1L << 26;

    static final int PIECE = 1 << 20;
    static final int ROUNDS = 5;

    /**
     * Reads a GiB, or a quarter of what is free, five times and keeps the best round: about half a second.
     *
     * @param threads 0 for all cores
     */
    public static HostMemoryBenchmark measure(int threads) {
        int readers = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        long free = AvailableMemory.bytes().orElse(4 * BYTES);
        long bytes = Math.clamp(free / 4 / PIECE * PIECE, MIN_BYTES, BYTES);
        try (WorkerPool pool = new WorkerPool(readers);
                Arena arena = Arena.ofShared()) {
            return new HostMemoryBenchmark(readers, readRate(pool, arena.allocate(bytes, 64)));
        }
    }

    /** Bytes per second at which the pool's threads read {@code memory}, zeroed and whole pieces: the best of a few rounds. */
    static double readRate(WorkerPool pool, MemorySegment memory) {
        long[] sums = new long[pool.threads() * 8]; // a cache line each
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            pool.run(
                    (int) (memory.byteSize() / PIECE),
                    (part, worker) -> sums[worker * 8] += sum(memory, (long) part * PIECE));
            best = Math.max(best, memory.byteSize() * 1e9 / (System.nanoTime() - start));
        }
        if (sums[0] != 0) {
            throw new IllegalStateException("zeroed memory does not sum to zero");
        }
        return best;
    }

    /** Eight independent sums: the loop must wait for memory, not for itself. */
    private static long sum(MemorySegment memory, long from) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        long e = 0;
        long f = 0;
        long g = 0;
        long h = 0;
        for (long at = from; at < from + PIECE; at += 64) {
            a += memory.get(ValueLayout.JAVA_LONG, at);
            b += memory.get(ValueLayout.JAVA_LONG, at + 8);
            c += memory.get(ValueLayout.JAVA_LONG, at + 16);
            d += memory.get(ValueLayout.JAVA_LONG, at + 24);
            e += memory.get(ValueLayout.JAVA_LONG, at + 32);
            f += memory.get(ValueLayout.JAVA_LONG, at + 40);
            g += memory.get(ValueLayout.JAVA_LONG, at + 48);
            h += memory.get(ValueLayout.JAVA_LONG, at + 56);
        }
        return a + b + c + d + e + f + g + h;
    }
}
