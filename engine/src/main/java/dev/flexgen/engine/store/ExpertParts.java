package dev.flexgen.engine.store;

import dev.flexgen.engine.memory.DirectFiles;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.weights.RowSource;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Experts of layers that lie in two files or more, while the other files are not here: encoded, a file for each matrix of each
 * expert, beside the packed model in the making. When all experts of a layer are here they are put into it, one behind the other.
 * Takes one buffer of memory. Owned by one thread.
 */
final class ExpertParts {

    private static final String FOLDER = "experts";

    private final Path folder;

    /** @param unfinished folder of the packed model in the making */
    ExpertParts(Path unfinished) {
        this.folder = unfinished.resolve(FOLDER);
    }

    private Path file(PackItem item, int expert) {
        return folder.resolve(item.role().part() + "-" + item.layer() + "-" + expert);
    }

    boolean has(PackItem item, int expert) {
        return Files.isRegularFile(file(item, expert));
    }

    boolean hasAll(PackItem item, int experts) {
        for (int expert = 0; expert < experts; expert++) {
            if (!has(item, expert)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Keeps one, which is on the disk then.
     *
     * @param rows of one expert
     */
    void write(PackItem item, int expert, int rows, RowSource source) throws IOException {
        Files.createDirectories(folder);
        Path file = file(item, expert);
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        long rowBytes = item.encoding().rowBytes(item.columns());
        int step = Math.toIntExact(Math.clamp(PackJob.BUFFER / rowBytes, 1, rows));
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(
                        unfinished,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            MemorySegment buffer = arena.allocate(step * rowBytes, DirectFiles.PAGE);
            for (int from = 0; from < rows; from += step) {
                MemorySegment some = buffer.asSlice(0, Math.min(step, rows - from) * rowBytes);
                source.rows(item.role(), item.layer(), expert * rows + from, item.encoding(), item.columns(), some);
                ByteBuffer bytes = some.asByteBuffer();
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            channel.force(true);
        } catch (IOException e) {
            throw PackErrors.disk(e);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * All experts of a layer, as rows of one matrix.
     *
     * @param rows of one expert
     */
    RowSource rows(PackItem item, int rows) {
        return new RowSource() {
            @Override
            public void rows(Role role, int layer, int from, Encoding encoding, int columns, MemorySegment target) {
                long rowBytes = encoding.rowBytes(columns);
                int end = from + Math.toIntExact(target.byteSize() / rowBytes);
                for (int row = from; row < end; ) {
                    int count = Math.min(end, (row / rows + 1) * rows) - row;
                    read(
                            file(item, row / rows),
                            row % rows * rowBytes,
                            target.asSlice((row - from) * rowBytes, count * rowBytes));
                    row += count;
                }
            }

            @Override
            public void vector(Role role, int layer, int from, MemorySegment target) {
                throw new IllegalStateException("experts have no vectors");
            }

            @Override
            public void close() {}
        };
    }

    private static void read(Path file, long from, MemorySegment target) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = target.asByteBuffer();
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, from + bytes.position()) < 0) {
                    throw new EOFException(file + " is cut off");
                }
            }
        } catch (IOException e) {
            throw PackErrors.disk(e);
        }
    }

    /** Those of a layer have got their place. */
    void delete(PackItem item, int experts) throws IOException {
        for (int expert = 0; expert < experts; expert++) {
            Files.deleteIfExists(file(item, expert));
        }
    }

    /** Forgets all. */
    void clear() throws IOException {
        if (Files.exists(folder)) {
            PackStore.delete(folder);
        }
    }
}
