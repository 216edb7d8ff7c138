package dev.flexgen.engine.measure;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.plan.MachineProfile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How fast weights could be read from a folder's disk: past the page cache where the file system allows it, in the pieces and with
 * the numbers of requests at a time that models use. Writes a file without a name for it. Slow disks get less to do.
 */
final class DiskBenchmark {

    private static final long PIECE = 8L << 20;
    private static final long MOST_BYTES = 256L << 20;
    private static final long MOST_NANOS = 1_500_000_000L;
    private static final int[] REQUESTS = {1, 4};

    private DiskBenchmark() {}

    /** The file system that holds a folder, or would: as the system names its device. */
    static String store(Path folder) {
        try {
            return Files.getFileStore(existing(folder)).name();
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static Path existing(Path folder) {
        Path path = folder.toAbsolutePath();
        while (!Files.exists(path) && path.getParent() != null) {
            path = path.getParent();
        }
        return path;
    }

    /**
     * Measures: a few seconds.
     *
     * @throws EngineException of kind PLACEMENT if the folder cannot be written or is full
     */
    static MachineProfile.Disk measure(Path folder) {
        try (ScratchFile file = new ScratchFile(new Ledger(), folder, PIECE);
                Arena arena = Arena.ofShared();
                ExecutorService threads = Executors.newFixedThreadPool(
                        REQUESTS[REQUESTS.length - 1],
                        Thread.ofPlatform().daemon().name("flexgen-disk-", 0).factory())) {
            MemorySegment piece = arena.allocate(PIECE, ScratchFile.PAGE);
            for (long at = 0; at < PIECE; at += Long.BYTES) {
                piece.set(ValueLayout.JAVA_LONG, at, at * 0x9E3779B97F4A7C15L); // nothing that a disk could compress
            }
            long written = write(file, piece);
            SortedMap<Integer, Double> rates = new TreeMap<>();
            for (int requests : REQUESTS) {
                rates.put(requests, read(file, written, requests, threads, arena));
            }
            return new MachineProfile.Disk(store(folder), rates);
        }
    }

    private static long write(ScratchFile file, MemorySegment piece) {
        long end = System.nanoTime() + MOST_NANOS;
        long written = 0;
        while (written < MOST_BYTES && (written == 0 || System.nanoTime() < end)) {
            file.append(piece);
            written += PIECE;
        }
        return written;
    }

    private static double read(ScratchFile file, long bytes, int requests, ExecutorService threads, Arena arena) {
        AtomicLong next = new AtomicLong();
        AtomicLong read = new AtomicLong();
        long start = System.nanoTime();
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            MemorySegment target = arena.allocate(PIECE, ScratchFile.PAGE);
            running.add(threads.submit(() -> {
                for (long at = next.getAndAdd(PIECE);
                        at < bytes && System.nanoTime() - start < MOST_NANOS;
                        at = next.getAndAdd(PIECE)) {
                    file.read(at, target);
                    read.addAndGet(PIECE);
                }
            }));
        }
        for (Future<?> one : running) {
            await(one);
        }
        return read.get() * 1e9 / (System.nanoTime() - start);
    }

    private static void await(Future<?> running) {
        try {
            running.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof EngineException failure ? failure : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw EngineException.device("Measuring the disk was interrupted", e);
        }
    }
}
