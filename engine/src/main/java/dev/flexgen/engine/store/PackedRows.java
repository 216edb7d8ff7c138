package dev.flexgen.engine.store;

import dev.flexgen.engine.memory.AvailableMemory;
import dev.flexgen.engine.memory.BlockFile;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.weights.RowSource;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A packed model as a source of rows: reads ranges of them, in pieces at the same time. */
final class PackedRows implements RowSource {

    private static final int THREADS = 4;
    private static final long PIECE = 16L * PackedTensor.CHUNK;

    private final PackedModel model;
    private final PackedFile file;
    private final ExecutorService threads = Executors.newFixedThreadPool(
            THREADS, Thread.ofPlatform().daemon().name("flexgen-unpack-", 0).factory());

    PackedRows(PackedModel model) {
        this.model = model;
        // What fills a quarter of the memory would push other files out of it, and not stay itself until the next
        // start.
        boolean large = model.weightBytes() > AvailableMemory.totalBytes().orElse(Long.MAX_VALUE) / 4;
        this.file = model.open(large ? PackedFile.Caching.DIRECT : PackedFile.Caching.CACHED);
    }

    @Override
    public void rows(Role role, int layer, int from, Encoding encoding, int columns, MemorySegment target) {
        PackedTensor tensor = model.tensor(role, layer);
        if (!tensor.encoding().equals(encoding) || tensor.columns() != columns) {
            throw new IllegalStateException(
                    tensor.key() + " is packed as " + tensor.encoding().name() + " with " + tensor.columns()
                            + " columns, not as " + encoding.name() + " with " + columns);
        }
        read(tensor, from * tensor.rowBytes(), target);
    }

    @Override
    public void vector(Role role, int layer, int from, MemorySegment target) {
        PackedTensor tensor = model.tensor(role, layer);
        read(tensor, from * tensor.rowBytes(), target);
    }

    private void read(PackedTensor tensor, long from, MemorySegment target) {
        long end = from + target.byteSize();
        if (end > tensor.bytes()) {
            throw new IllegalArgumentException(tensor.key() + " has no bytes " + from + " to " + end);
        }
        List<Future<?>> pieces = new ArrayList<>();
        for (long at = from; at < end; ) {
            long start = at;
            long pieceEnd = Math.min(end, (start / PIECE + 1) * PIECE);
            MemorySegment piece = target.asSlice(start - from, pieceEnd - start);
            pieces.add(threads.submit(() -> file.readChecked(tensor, start, piece)));
            at = pieceEnd;
        }
        awaitAll(pieces);
    }

    /** All, also when one fails: the others still write to the target. */
    private static void awaitAll(List<Future<?>> pieces) {
        RuntimeException failure = null;
        boolean interrupted = false;
        for (Future<?> piece : pieces) {
            while (true) {
                try {
                    piece.get();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    failure = e.getCause() instanceof RuntimeException it ? it : new IllegalStateException(e);
                    break;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public Optional<BlockFile> openFile() {
        return Optional.of(model.open(PackedFile.Caching.DIRECT));
    }

    @Override
    public long fileOffset(Role role, int layer, int from) {
        PackedTensor tensor = model.tensor(role, layer);
        return tensor.offset() + from * tensor.rowBytes();
    }

    @Override
    public void close() {
        threads.close();
        file.close();
    }
}
