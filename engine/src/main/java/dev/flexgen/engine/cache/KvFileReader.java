package dev.flexgen.engine.cache;

import dev.flexgen.engine.base.KvFileFault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Reads a cache's file, which is not trusted: sizes are compared before memory is taken, and every record with its checksum before
 * a device gets it. {@link #put} and {@link #finish} must have the engine. For one thread.
 */
public final class KvFileReader implements AutoCloseable {

    private static final ValueLayout.OfInt SUM = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FileChannel channel;
    private final KvLayout layout;
    private final KvFileHeader header;
    private final KvRecords records;
    private final Arena arena = Arena.ofShared(); // GPUs refuse memory of one thread
    private final MemorySegment buffer;
    private int next;

    private KvFileReader(FileChannel channel, KvLayout layout, KvFileHeader header) {
        this.channel = channel;
        this.layout = layout;
        this.header = header;
        this.records = records(layout, header);
        this.buffer = arena.allocate(records.mostBytes(), KvPage.ALIGNMENT);
    }

    private static KvRecords records(KvLayout layout, KvFileHeader header) {
        return new KvRecords(layout, header.bytes().remaining(), header.blocks(), header.sealedBlocks());
    }

    /** What opening has come to: a reader, or why there is none; neither if there is no file. */
    public record Opened(Optional<KvFileReader> reader, Optional<KvFileFault> fault) {

        private static Opened not(KvFileFault fault) {
            return new Opened(Optional.empty(), Optional.of(fault));
        }
    }

    /**
     * Opens a file.
     *
     * @param key of the weights
     * @param mostTokens longer files are none of ours
     */
    public static Opened open(Path file, KvLayout layout, String key, int mostTokens) {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                return Opened.not(KvFileFault.FOREIGN); // opening a pipe would wait for somebody to write to it
            }
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            try {
                return new Opened(
                        Optional.of(new KvFileReader(channel, layout, header(channel, layout, key, mostTokens))),
                        Optional.empty());
            } catch (Throwable e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            return new Opened(Optional.empty(), Optional.empty());
        } catch (IOException e) {
            return Opened.not(KvFileFault.UNREADABLE);
        } catch (KvFileException e) {
            return Opened.not(e.fault());
        }
    }

    private static KvFileHeader header(FileChannel channel, KvLayout layout, String key, int mostTokens)
            throws IOException, KvFileException {
        KvFileHeader header = KvFileHeader.read(channel, mostTokens);
        if (!header.key().equals(layout.fileKey(key))) {
            throw new KvFileException(KvFileFault.OTHER_MODEL, "it is of other weights");
        }
        KvRecords records = records(layout, header);
        boolean sealed = header.sealedBlocks() == 0 || layout.seals();
        if (!sealed || channel.size() != records.offset(records.count())) {
            throw new KvFileException(KvFileFault.DAMAGED, "it does not have the length it should have");
        }
        return header;
    }

    /** The tokens whose keys and values it holds. The caller's own. */
    public int[] ids() {
        return header.ids().clone();
    }

    /** What computing a token took on {@code computer}; 0 if that is unknown, or was another computer. */
    public double secondsPerToken(String computer) {
        return header.computer().equals(computer) ? Math.max(0, header.secondsPerToken()) : 0;
    }

    /** How many of the first {@code wanted} tokens a cache can have: none in the middle of a sealed block. */
    public int usable(int wanted) {
        int tokens = Math.min(wanted, header.tokens());
        return tokens / KvPage.TOKENS < header.sealedBlocks() ? tokens / KvPage.TOKENS * KvPage.TOKENS : tokens;
    }

    /** Tokens up to the end of the block that is read next, of {@code tokens}. */
    public int reached(int tokens) {
        return Math.min(tokens, records.block(next) * KvPage.TOKENS);
    }

    /** Whether records are left before the cache has {@code tokens}. */
    public boolean more(int tokens) {
        return next < KvBlocks.pagesFor(tokens) * records.layers();
    }

    /** Reads the next record, and says what is wrong with it. */
    public Optional<KvFileFault> take() {
        int bytes = Math.toIntExact(records.bytes(next));
        ByteBuffer whole = buffer.asSlice(0, bytes + KvRecords.SUM_BYTES).asByteBuffer();
        long at = records.offset(next);
        try {
            while (whole.hasRemaining()) {
                if (channel.read(whole, at + whole.position()) < 0) {
                    return Optional.of(KvFileFault.DAMAGED);
                }
            }
        } catch (IOException e) {
            return Optional.of(KvFileFault.UNREADABLE);
        }
        return buffer.get(SUM, bytes) == KvRecords.sum(buffer.asSlice(0, bytes), next)
                ? Optional.empty()
                : Optional.of(KvFileFault.DAMAGED);
    }

    /** Gives the record that was taken to a cache, which was emptied before the first. */
    public void put(KvCache cache) {
        PageForm form = records.form(next);
        PageSet pages = cache.place(records.block(next), form);
        KvRecord.write(layout, form, pages, records.layer(next), buffer.asSlice(0, records.bytes(next)));
        next++;
    }

    /**
     * Has the cache hold the tokens whose blocks it was given whole.
     *
     * @param tokens at most what was {@link #usable}
     * @return how many it holds
     */
    public int finish(KvCache cache, int tokens) {
        int held = reached(tokens);
        cache.restored(held, Math.min(header.sealedBlocks(), KvBlocks.pagesFor(held)));
        return held;
    }

    @Override
    public void close() {
        arena.close();
        try {
            channel.close();
        } catch (IOException e) {
            // it was only read
        }
    }
}
