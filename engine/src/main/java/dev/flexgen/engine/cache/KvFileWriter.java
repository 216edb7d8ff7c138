package dev.flexgen.engine.cache;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Writes a cache to a file, record by record, into a temporary file that takes the other's place when all of it is on the disk.
 * {@link #take} reads from the devices, and must have the engine and an unchanged cache; everything else need not. For one thread.
 */
public final class KvFileWriter implements AutoCloseable {

    private static final String UNFINISHED = ".new";
    private static final ValueLayout.OfInt SUM = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final KvCache cache;
    private final KvFileHeader header;
    private final KvRecords records;
    private final Arena arena = Arena.ofShared(); // GPUs refuse memory of one thread
    private final MemorySegment buffer;
    private @Nullable Path unfinished;
    private @Nullable FileChannel channel;
    private int next;
    private long length;

    /**
     * Prepares a file of what the cache holds; nothing is written yet. Must have the engine.
     *
     * @param key says of which weights the keys and values are
     * @param ids of the tokens that the cache holds
     * @param secondsPerToken what computing one took; 0 if unknown
     * @param computer the devices that computed it
     */
    public KvFileWriter(Path file, KvCache cache, String key, int[] ids, double secondsPerToken, String computer) {
        this.file = file;
        this.cache = cache;
        int sealed = cache.sealedBlocks();
        this.header = new KvFileHeader(cache.layout().fileKey(key), sealed, secondsPerToken, computer, ids.clone());
        this.records = new KvRecords(cache.layout(), header.bytes().remaining(), header.blocks(), sealed);
        this.buffer = arena.allocate(records.mostBytes(), KvPage.ALIGNMENT);
    }

    /** Bytes of the file when it is whole. */
    public long bytes() {
        return records.offset(records.count());
    }

    /** Whether a record is left to be written. */
    public boolean more() {
        return next < records.count();
    }

    /** Copies the next record from the devices. */
    public void take() {
        int bytes = Math.toIntExact(records.bytes(next));
        MemorySegment record = buffer.asSlice(0, bytes);
        int block = records.block(next);
        KvRecord.read(cache.layout(), records.form(next), cache.page(block), records.layer(next), record);
        int held = Math.min(KvPage.TOKENS, header.tokens() - block * KvPage.TOKENS);
        if (held < KvPage.TOKENS) {
            KvRecord.blank(cache.layout(), record, held);
        }
    }

    /**
     * Writes the record that was taken.
     *
     * @throws EngineException of kind PLACEMENT if the disk is full or refuses it
     */
    public void put() {
        long bytes = records.bytes(next);
        buffer.set(SUM, bytes, KvRecords.sum(buffer.asSlice(0, bytes), next));
        try {
            write(buffer.asSlice(0, bytes + KvRecords.SUM_BYTES).asByteBuffer());
        } catch (IOException e) {
            throw refused(e);
        }
        next++;
    }

    private void write(ByteBuffer bytes) throws IOException {
        FileChannel opened = channel;
        if (opened == null) {
            unfinished = Files.createTempFile(file.toAbsolutePath().getParent(), file.getFileName() + ".", UNFINISHED);
            opened = FileChannel.open(unfinished, StandardOpenOption.WRITE);
            channel = opened;
            write(header.bytes());
        }
        length += bytes.remaining();
        while (bytes.hasRemaining()) {
            opened.write(bytes);
        }
    }

    /**
     * Puts the whole file in its place.
     *
     * @throws EngineException of kind PLACEMENT if the disk is full or refuses it
     */
    public void publish() {
        if (more() || channel == null || unfinished == null || length != bytes()) {
            throw new IllegalStateException("the file is not whole");
        }
        try {
            channel.force(true);
            channel.close();
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            unfinished = null;
            forceFolder();
        } catch (IOException e) {
            throw refused(e);
        }
    }

    private void forceFolder() {
        try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        } catch (IOException e) {
            // Not every file system lets a folder be opened; those that do not take care of it by themselves.
        }
    }

    private EngineException refused(IOException e) {
        String reason = e instanceof FileSystemException it && it.getReason() != null
                ? it.getReason()
                : String.valueOf(e.getMessage());
        return new EngineException(
                EngineException.Kind.PLACEMENT,
                "The conversation's keys and values cannot be written to " + file + " (" + reason
                        + "); make room there or check its permissions",
                e);
    }

    /** Removes what is unfinished. */
    @Override
    public void close() {
        arena.close();
        try {
            if (channel != null) {
                channel.close();
            }
            if (unfinished != null) {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            // It is left behind; whoever owns the folder removes what is old and unfinished.
        }
    }
}
