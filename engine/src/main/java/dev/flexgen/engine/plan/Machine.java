package dev.flexgen.engine.plan;

import dev.flexgen.engine.device.cpu.WorkerPool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * What this machine can do, measured.
 *
 * @param hostReadBytesPerSecond how fast {@code threads} threads together read host memory that no cache holds
 */
public record Machine(int threads, double hostReadBytesPerSecond) {

    /** Several times any last-level cache of a desktop machine. */
    private static final long BYTES = 1L << 30;

    private static final int PIECE = 1 << 20;
    private static final int ROUNDS = 5;

    /** Reads a GiB five times and keeps the best round: about half a second. */
    public static Machine measure(int threads) {
        try (WorkerPool pool = new WorkerPool(threads);
                Arena arena = Arena.ofShared()) {
            return new Machine(threads, readRate(pool, arena.allocate(BYTES, 64)));
        }
    }

    private static double readRate(WorkerPool pool, MemorySegment memory) {
        long[] sums = new long[pool.threads() * 8]; // a cache line each
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            pool.run((int) (BYTES / PIECE), (part, worker) -> sums[worker * 8] += sum(memory, (long) part * PIECE));
            best = Math.max(best, BYTES * 1e9 / (System.nanoTime() - start));
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

    /** Host memory that could be taken without swapping, where the system says so. */
    public static OptionalLong availableHostBytes() {
        Path file = Path.of("/proc/meminfo");
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // not Linux: the allocation itself will tell
        }
    }
}
