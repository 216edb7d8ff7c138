package dev.flexgen.engine.transfer;

import dev.flexgen.engine.memory.ScratchFile;
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
    /** Reading on over this costs a disk less than another request. */
    private static final long GAP = 16 << 10;

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

    /**
     * Reads some rows of a matrix in a file to where they would be if the whole block were read. Whole pages are read, and what is
     * between two rows that are close.
     *
     * @param matrixAt where in the block the matrix begins
     * @param rows in ascending order
     * @param target memory for the whole block
     * @throws dev.flexgen.engine.base.EngineException if a disk fails
     */
    public void fetchRows(WeightLocation.File source, long matrixAt, long rowBytes, int[] rows, MemorySegment target) {
        List<Future<?>> pieces = new ArrayList<>();
        try {
            int i = 0;
            while (i < rows.length) {
                long from = (matrixAt + rows[i] * rowBytes) / ScratchFile.PAGE * ScratchFile.PAGE;
                long end = matrixAt + (rows[i] + 1) * rowBytes;
                i++;
                while (i < rows.length && matrixAt + rows[i] * rowBytes <= end + GAP && end - from < PIECE) {
                    end = matrixAt + (rows[i] + 1) * rowBytes;
                    i++;
                }
                long start = from;
                long bytes =
                        Math.min(Math.ceilDiv(end - from, ScratchFile.PAGE) * ScratchFile.PAGE, source.bytes() - from);
                MemorySegment piece = target.asSlice(start, bytes);
                pieces.add(threads.submit(() -> fetch(source, start, piece)));
            }
        } finally {
            awaitAll(pieces);
        }
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
