package dev.flexgen.engine.store;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.BlockFile;
import dev.flexgen.engine.memory.DirectFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.zip.CRC32C;

/**
 * Reads the weights of a packed model. Whole chunks are compared with their checksums when they are first read; reads of less than a
 * chunk are not, unless asked for. Any thread.
 */
final class PackedFile implements BlockFile {

    /** Whether reads bypass the page cache: better for what does not fit it anyway. */
    enum Caching {
        DIRECT,
        CACHED
    }

    private static final int CHUNK = PackedTensor.CHUNK;
    private static final long PAGE = DirectFiles.PAGE;
    private static final long MOST_AT_ONCE = 8L << 20;

    /** Pages through which bytes pass that are not wanted where the disk would put them. */
    private final ThreadLocal<MemorySegment> bounce =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(MOST_AT_ONCE + 2L * CHUNK, PAGE));

    private final Path path;
    private final FileChannel channel;
    private final Runnable onDamage;
    private final TreeMap<Long, Place> places = new TreeMap<>();
    private final AtomicIntegerArray checked;

    /** Where a tensor is, and the first of its chunks among all. */
    private record Place(PackedTensor tensor, int firstChunk) {}

    /** @param onDamage does what keeps the file from being taken for valid again */
    PackedFile(Path path, Map<PackedTensor.Key, PackedTensor> tensors, Caching caching, Runnable onDamage) {
        this.path = path;
        this.onDamage = onDamage;
        int chunks = 0;
        for (PackedTensor tensor : tensors.values()) {
            places.put(tensor.offset(), new Place(tensor, chunks));
            chunks += tensor.sums().size();
        }
        this.checked = new AtomicIntegerArray(chunks);
        try {
            this.channel = caching == Caching.DIRECT
                    ? DirectFiles.open(path, StandardOpenOption.READ).orElseGet(() -> cached(path))
                    : FileChannel.open(path, StandardOpenOption.READ);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private static FileChannel cached(Path path) {
        try {
            return FileChannel.open(path, StandardOpenOption.READ);
        } catch (IOException e) {
            throw EngineException.model(path + " cannot be read (" + e + "); check the disk and its permissions", e);
        }
    }

    @Override
    public void read(long offset, MemorySegment target) {
        Place place = places.floorEntry(offset).getValue();
        long from = offset - place.tensor.offset();
        for (long at = 0; at < target.byteSize(); at += MOST_AT_ONCE) {
            MemorySegment piece = target.asSlice(at, Math.min(MOST_AT_ONCE, target.byteSize() - at));
            boolean whole = piece.byteSize() >= CHUNK && !isChecked(place, from + at, piece.byteSize());
            read(place, from + at, piece, whole);
        }
    }

    /** The same, from byte {@code from} of a tensor on, and no byte that does not match its checksum. */
    void readChecked(PackedTensor tensor, long from, MemorySegment target) {
        Place place = places.floorEntry(tensor.offset()).getValue();
        for (long at = 0; at < target.byteSize(); at += MOST_AT_ONCE) {
            MemorySegment piece = target.asSlice(at, Math.min(MOST_AT_ONCE, target.byteSize() - at));
            read(place, from + at, piece, !isChecked(place, from + at, piece.byteSize()));
        }
    }

    private boolean isChecked(Place place, long from, long bytes) {
        for (int chunk = (int) (from / CHUNK); (long) chunk * CHUNK < from + bytes; chunk++) {
            if (checked.get(place.firstChunk + chunk) == 0) {
                return false;
            }
        }
        return true;
    }

    /** @param from in the tensor */
    private void read(Place place, long from, MemorySegment target, boolean check) {
        PackedTensor tensor = place.tensor;
        long unit = check ? CHUNK : PAGE;
        long start = from / unit * unit;
        long end = Math.min(Math.ceilDiv(from + target.byteSize(), unit) * unit, PackedTensor.padded(tensor.bytes()));
        long length = end - start;
        boolean inPlace =
                start == from && length == target.byteSize() && target.isNative() && target.address() % PAGE == 0;
        MemorySegment pages = inPlace ? target : bounce.get().asSlice(0, length);
        readPages(tensor.offset() + start, pages);
        if (check) {
            check(place, start, pages);
        }
        if (!inPlace) {
            MemorySegment.copy(pages, from - start, target, 0, target.byteSize());
        }
    }

    private void readPages(long offset, MemorySegment pages) {
        ByteBuffer buffer = pages.asByteBuffer();
        try {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, offset + buffer.position()) < 0) {
                    onDamage.run();
                    throw EngineException.model(path + " ends at byte " + channel.size()
                            + ", before its last tensor; the model is packed again at the next start, if its source is"
                            + " here");
                }
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void check(Place place, long start, MemorySegment pages) {
        PackedTensor tensor = place.tensor;
        long end = Math.min(start + pages.byteSize(), tensor.bytes());
        CRC32C crc = new CRC32C();
        for (long at = start; at < end; at += CHUNK) {
            crc.reset();
            crc.update(pages.asSlice(at - start, Math.min(CHUNK, end - at)).asByteBuffer());
            int chunk = (int) (at / CHUNK);
            if ((int) crc.getValue() != tensor.sums().get(chunk)) {
                onDamage.run();
                throw EngineException.model(path + " is damaged: the checksum of " + tensor.key() + ", bytes "
                        + (tensor.offset() + at) + " to " + (tensor.offset() + Math.min(at + CHUNK, tensor.bytes()))
                        + ", is wrong; the model is packed again at the next start, if its source is here");
            }
            checked.set(place.firstChunk + chunk, 1);
        }
    }

    private EngineException unreadable(IOException e) {
        return EngineException.device(path + " cannot be read (" + e + "); check the disk and its permissions", e);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing was written.
        }
    }
}
