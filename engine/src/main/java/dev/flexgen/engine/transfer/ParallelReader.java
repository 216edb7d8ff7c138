package dev.flexgen.engine.transfer;

import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reads blocks into host memory in pieces at the same time: one thread alone gets neither a fast disk nor memory to its rate.
 * Owned by one thread.
 */
public final class ParallelReader implements AutoCloseable {

    private static final int THREADS = 4;
    private static final long PIECE = 8 << 20;

    private final ExecutorService threads = Executors.newFixedThreadPool(
            THREADS, Thread.ofPlatform().daemon().name("flexgen-fetch-", 0).factory());

    /**
     * Fills the beginning of {@code target}.
     *
     * @return bytes of the block
     * @throws dev.flexgen.engine.base.EngineException if a disk fails
     */
    public long fetch(WeightLocation source, MemorySegment target) {
        long bytes = switch (source) {
            case WeightLocation.Memory memory -> memory.block().byteSize();
            case WeightLocation.File file -> file.bytes();
        };
        List<Future<?>> pieces = new ArrayList<>();
        try {
            for (long at = 0; at < bytes; at += PIECE) {
                long from = at;
                MemorySegment piece = target.asSlice(from, Math.min(PIECE, bytes - from));
                pieces.add(threads.submit(() -> fetch(source, from, piece)));
            }
        } finally {
            awaitAll(pieces);
        }
        return bytes;
    }

    private static void fetch(WeightLocation source, long from, MemorySegment piece) {
        switch (source) {
            case WeightLocation.Memory memory -> MemorySegment.copy(memory.block(), from, piece, 0, piece.byteSize());
            case WeightLocation.File file -> file.file().read(file.offset() + from, piece);
        }
    }

    /** All of them, also when one fails: a piece still under way would write to memory that is used for something else. */
    private static void awaitAll(List<Future<?>> pieces) {
        RuntimeException failure = null;
        for (Future<?> piece : pieces) {
            try {
                await(piece);
            } catch (RuntimeException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static void await(Future<?> piece) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    piece.get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof RuntimeException failure) {
                        throw failure;
                    }
                    throw new IllegalStateException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        threads.close();
    }
}
