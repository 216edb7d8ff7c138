package dev.flexgen.engine.measure;

import dev.flexgen.engine.device.cpu.MemoryReader;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.AvailableMemory;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostMemory;
import dev.flexgen.engine.memory.HostPages;
import dev.flexgen.engine.memory.Ledger;
import java.lang.foreign.MemorySegment;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How fast this machine reads its host memory: the limit of everything that the processor computes with weights.
 *
 * @param threads that read fastest, of those that may
 * @param hostReadBytesPerSecond how fast they read host memory that no cache holds, in huge pages where the system grants them
 */
public record HostMemoryBenchmark(int threads, double hostReadBytesPerSecond) {

    /** Several times any last-level cache of a desktop machine. */
    private static final long BYTES = 1L << 30;

    private static final long MIN_BYTES = 1L << 26;

    static final int PIECE = 1 << 20;
    static final int ROUNDS = 5;

    /**
     * Reads a GiB, or a quarter of what is free, several times and keeps the best round: about half a second.
     *
     * @param threads most threads that read at a time, 0 for as many as there are cores
     */
    public static HostMemoryBenchmark measure(int threads) {
        int readers = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        long free = AvailableMemory.bytes().orElse(4 * BYTES);
        long bytes = Math.clamp(free / 4 / PIECE * PIECE, MIN_BYTES, BYTES);
        try (WorkerPool pool = new WorkerPool(readers);
                Buffer memory = new HostMemory(new Ledger()).allocate("measuring", bytes)) {
            HostPages.touch(memory.segment()); // what was never written is one page of zeros, and in every cache
            return readRate(pool, memory.segment());
        }
    }

    /**
     * Reads {@code memory}, written zeros and whole pieces, with all of the pool's threads and with half of them: two threads of one core
     * can be slower than one, and few cores can be enough.
     */
    static HostMemoryBenchmark readRate(WorkerPool pool, MemorySegment memory) {
        HostMemoryBenchmark best = new HostMemoryBenchmark(pool.threads(), 0);
        for (int round = 0; round < ROUNDS; round++) {
            for (int readers : new int[] {pool.threads(), (pool.threads() + 1) / 2}) {
                double rate = read(pool, readers, memory);
                if (rate > best.hostReadBytesPerSecond) {
                    best = new HostMemoryBenchmark(readers, rate);
                }
            }
        }
        return best;
    }

    /** The same by the number of threads: one, half of them, all. */
    static SortedMap<Integer, Double> byThreads(WorkerPool pool, MemorySegment memory) {
        SortedMap<Integer, Double> rates = new TreeMap<>();
        for (int readers : new int[] {1, (pool.threads() + 1) / 2, pool.threads()}) {
            for (int round = 0; round < ROUNDS; round++) {
                rates.merge(readers, read(pool, readers, memory), Math::max);
            }
        }
        return rates;
    }

    private static double read(WorkerPool pool, int readers, MemorySegment memory) {
        AtomicLong next = new AtomicLong();
        AtomicInteger sum = new AtomicInteger();
        long start = System.nanoTime();
        pool.run(readers, (part, worker) -> {
            int own = 0;
            for (long at = next.getAndAdd(PIECE); at < memory.byteSize(); at = next.getAndAdd(PIECE)) {
                own ^= MemoryReader.read(memory, at, PIECE);
            }
            sum.accumulateAndGet(own, (a, b) -> a ^ b);
        });
        double rate = memory.byteSize() * 1e9 / (System.nanoTime() - start);
        if (sum.get() != 0) {
            throw new IllegalStateException("zeroed memory does not sum to zero");
        }
        return rate;
    }
}
