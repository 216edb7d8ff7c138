package dev.flexgen.engine.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes zip archives as PyTorch does: stored entries with data descriptors, padded in the local header, and zip64 fields
 * for what needs them. A gap before an entry makes the file sparse, and so huge for free.
 */
final class ZipWriter {

    private record Written(String name, long size, int method, int flags, long start) {}

    private static final long SATURATED = 0xffff_ffffL;

    private final List<Written> entries = new ArrayList<>();
    private final FileChannel file;
    private long at;

    private ZipWriter(FileChannel file) {
        this.file = file;
    }

    /** What a test puts into an archive. */
    @FunctionalInterface
    interface Content {
        void write(ZipWriter zip) throws IOException;
    }

    static Path write(Path path, Content content) {
        try (FileChannel channel = FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE)) {
            var zip = new ZipWriter(channel);
            content.write(zip);
            zip.directory();
            return path;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ZipWriter entry(String name, byte... content) throws IOException {
        return entry(name, 0, 0x0808, content.length, content);
    }

    ZipWriter text(String name, String content) throws IOException {
        return entry(name, content.getBytes(StandardCharsets.UTF_8));
    }

    ZipWriter gap(long bytes) {
        at += bytes;
        return this;
    }

    /** An entry whose content is {@code start}, then zeros up to {@code size}. */
    ZipWriter entry(String name, int method, int flags, long size, byte... start) throws IOException {
        entries.add(new Written(name, size, method, flags, at));
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        int padding = 7;
        var header = buffer(30 + utf8.length + 4 + padding);
        header.putInt(0x04034b50).putShort((short) 20).putShort((short) flags).putShort((short) method);
        header.position(26).putShort((short) utf8.length).putShort((short) (4 + padding));
        header.put(utf8).putShort((short) 0x4246).putShort((short) padding);
        put(header);
        put(ByteBuffer.wrap(start));
        at += size - start.length;
        return this;
    }

    private void directory() throws IOException {
        long start = at;
        boolean wide = start >= SATURATED;
        for (Written entry : entries) {
            byte[] utf8 = entry.name.getBytes(StandardCharsets.UTF_8);
            boolean wideSize = entry.size >= SATURATED;
            boolean wideStart = entry.start >= SATURATED;
            int field = (wideSize ? 16 : 0) + (wideStart ? 8 : 0);
            int extra = field == 0 ? 0 : field + 4;
            wide |= extra > 0;
            var central = buffer(46 + utf8.length + extra);
            int size = (int) (wideSize ? SATURATED : entry.size);
            central.putInt(0x02014b50).putInt(20).putShort((short) entry.flags).putShort((short) entry.method);
            central.position(20).putInt(size).putInt(size);
            central.putShort((short) utf8.length).putShort((short) extra);
            central.position(42).putInt((int) (wideStart ? SATURATED : entry.start));
            central.put(utf8);
            if (extra > 0) {
                central.putShort((short) 1).putShort((short) field);
            }
            if (wideSize) {
                central.putLong(entry.size).putLong(entry.size);
            }
            if (wideStart) {
                central.putLong(entry.start);
            }
            put(central);
        }
        end(start, at - start, wide);
    }

    private void end(long start, long bytes, boolean wide) throws IOException {
        if (wide) {
            long record = at;
            var end64 = buffer(56);
            end64.putInt(0x06064b50).putLong(44);
            end64.position(24)
                    .putLong(entries.size())
                    .putLong(entries.size())
                    .putLong(bytes)
                    .putLong(start);
            put(end64);
            put(buffer(20).putInt(0x07064b50).putInt(0).putLong(record).putInt(1));
        }
        var end = buffer(22);
        end.putInt(0x06054b50).putInt(0).putShort((short) entries.size()).putShort((short) entries.size());
        end.putInt((int) bytes).putInt((int) (wide ? SATURATED : start));
        put(end);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void put(ByteBuffer bytes) throws IOException {
        bytes.rewind();
        at += file.write(bytes, at);
    }
}
