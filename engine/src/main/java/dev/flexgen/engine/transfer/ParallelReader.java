package dev.flexgen.engine.transfer;

import dev.flexgen.engine.memory.BlockFile;
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
        List<Future<?>> pieces = new ArrayList<>();
        try {
            switch (source) {
                case WeightLocation.Memory memory -> copy(memory.block(), target, pieces);
                case WeightLocation.File file -> {
                    for (WeightLocation.Extent extent : file.extents()) {
                        for (long at = extent.at(); at < extent.end(); at += PIECE) {
                            read(file.file(), extent, at, Math.min(at + PIECE, extent.end()), target, pieces);
                        }
                    }
                }
            }
        } finally {
            awaitAll(pieces);
        }
        return switch (source) {
            case WeightLocation.Memory memory -> memory.block().byteSize();
            case WeightLocation.File file -> file.bytes();
        };
    }

    private void copy(MemorySegment block, MemorySegment target, List<Future<?>> pieces) {
        for (long at = 0; at < block.byteSize(); at += PIECE) {
            long from = at;
            long bytes = Math.min(PIECE, block.byteSize() - from);
            pieces.add(threads.submit(() -> MemorySegment.copy(block, from, target, from, bytes)));
        }
    }

    /** Reads what is in the block from {@code from} to {@code end}. */
    private void read(
            BlockFile file,
            WeightLocation.Extent extent,
            long from,
            long end,
            MemorySegment target,
            List<Future<?>> pieces) {
        MemorySegment piece = target.asSlice(from, end - from);
        pieces.add(threads.submit(() -> file.read(extent.offset() + from - extent.at(), piece)));
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
        WeightLocation.Extent extent = extent(source, matrixAt);
        List<Future<?>> pieces = new ArrayList<>();
        try {
            int i = 0;
            while (i < rows.length) {
                long from =
                        Math.max(extent.at(), (matrixAt + rows[i] * rowBytes) / ScratchFile.PAGE * ScratchFile.PAGE);
                long end = matrixAt + (rows[i] + 1) * rowBytes;
                i++;
                while (i < rows.length && matrixAt + rows[i] * rowBytes <= end + GAP && end - from < PIECE) {
                    end = matrixAt + (rows[i] + 1) * rowBytes;
                    i++;
                }
                long pages = from + Math.ceilDiv(end - from, ScratchFile.PAGE) * ScratchFile.PAGE;
                read(source.file(), extent, from, Math.min(pages, extent.end()), target, pieces);
            }
        } finally {
            awaitAll(pieces);
        }
    }

    /** The piece that holds the matrix at {@code matrixAt}. */
    private static WeightLocation.Extent extent(WeightLocation.File source, long matrixAt) {
        return source.extents().stream()
                .filter(extent -> extent.at() <= matrixAt && matrixAt < extent.end())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the file does not hold what is at " + matrixAt));
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
