package dev.flexgen.engine.store;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.DirectFiles;
import dev.flexgen.engine.weights.RowSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Writes tensors into a packed model: encodes rows into one of two buffers while the other is written. Besides them, it takes a few
 * rows a thread. Owned by one thread.
 */
final class PackJob implements AutoCloseable {

    /** Of one buffer. */
    static final long BUFFER = 32L << 20;

    /** A down projection is turned in tiles of so many rows. */
    private static final int TILE = 32;

    private final PackWriter writer;
    private final long total;
    private final PackListener listener;
    private final CancelToken cancel;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment[] buffers = new MemorySegment[2];
    private final Future<?>[] writing = {
        CompletableFuture.completedFuture(null), CompletableFuture.completedFuture(null)
    };
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("flexgen-pack").factory());
    private int turn;
    private long done;

    /** @param total bytes of the packed model, to show */
    PackJob(PackWriter writer, long total, PackListener listener, CancelToken cancel) {
        this.writer = writer;
        this.total = total;
        this.listener = listener;
        this.cancel = cancel;
        this.done = writer.bytes();
        for (int i = 0; i < 2; i++) {
            buffers[i] = arena.allocate(BUFFER, DirectFiles.PAGE);
        }
    }

    boolean has(PackItem item) {
        return writer.has(item.key());
    }

    /**
     * Writes one tensor.
     *
     * @throws java.util.concurrent.CancellationException if it was cancelled; the tensor is begun again the next time
     * @throws EngineException if a number cannot be encoded, or the disk is full
     */
    void add(PackItem item, RowSource source) {
        long rowBytes = item.encoding().rowBytes(item.columns());
        int most = Math.toIntExact(Math.clamp(BUFFER / rowBytes, 1, item.rows()));
        int step = most > TILE && most < item.rows() ? most / TILE * TILE : most;
        for (int from = 0; from < item.rows(); from += step) {
            cancel.check();
            int count = Math.min(step, item.rows() - from);
            int slot = turn;
            turn = 1 - turn;
            await(slot);
            MemorySegment rows = buffers[slot].asSlice(0, count * rowBytes);
            if (item.vector()) {
                source.vector(item.role(), item.layer(), from, rows);
            } else {
                source.rows(item.role(), item.layer(), from, item.encoding(), item.columns(), rows);
            }
            boolean last = from + count == item.rows();
            writing[slot] = thread.submit(() -> {
                writer.append(rows);
                if (last) {
                    writer.end(item.role(), item.layer(), item.encoding(), item.stored(), item.rows(), item.columns());
                }
                return null;
            });
            done += rows.byteSize();
            listener.progress(Math.min(done, total), total);
        }
    }

    /** All that was added is on the disk. */
    void flush() throws IOException {
        await(0);
        await(1);
        writer.record();
    }

    private void await(int slot) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    writing[slot].get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw e.getCause() instanceof IOException it
                            ? PackErrors.disk(it)
                            : new IllegalStateException(e.getCause());
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
        thread.close();
        arena.close();
    }
}
