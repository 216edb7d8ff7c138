package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A zip archive whose entries lie uncompressed in a mapped file, so that they can be used in place. Sizes come from the
 * central directory, zip64 included: PyTorch leaves them empty in the local headers (data descriptors) and pads those to
 * align the data, which is why java.util.zip, which hides where data starts, does not serve.
 */
final class StoredZip {

    /** One file of the archive, from the central directory. */
    record Entry(String name, int flags, int method, long storedBytes, long bytes, long headerStart) {}

    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL_BYTES = 30;
    private static final int CENTRAL_BYTES = 46;
    private static final int ENCRYPTED = 1;
    private static final int ZIP64_FIELD = 1;
    private static final int MOST_ENTRIES = 200_000;

    private final MappedFile file;
    private final ZipEnd end;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** Reads the directory; entries are only checked when asked for. */
    StoredZip(MappedFile file) {
        this.file = file;
        this.end = ZipEnd.find(file);
        if (end.entries() > MOST_ENTRIES) {
            throw file.damaged("its zip directory claims " + end.entries() + " entries");
        }
        long at = end.directoryStart();
        for (long i = 0; i < end.entries(); i++) {
            at = readEntry(at);
        }
        if (at != end.directoryEnd()) {
            throw file.damaged("its zip directory ends at byte " + at + " instead of " + end.directoryEnd());
        }
    }

    MappedFile file() {
        return file;
    }

    Collection<Entry> entries() {
        return Collections.unmodifiableCollection(entries.values());
    }

    @Nullable
    Entry entry(String name) {
        return entries.get(name);
    }

    /** Reads one record of the directory and returns where the next one starts. */
    private long readEntry(long at) {
        if (end.directoryEnd() - at < CENTRAL_BYTES || file.signedInt(at) != CENTRAL) {
            throw file.damaged("no zip directory entry at byte " + at);
        }
        int nameBytes = file.unsignedShort(at + 28);
        int extraBytes = file.unsignedShort(at + 30);
        int commentBytes = file.unsignedShort(at + 32);
        long next = at + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
        if (next > end.directoryEnd()) {
            throw file.damaged("the zip directory entry at byte " + at + " runs beyond the directory");
        }
        String name = file.text(at + CENTRAL_BYTES, nameBytes);
        var wide = new Zip64(at + CENTRAL_BYTES + nameBytes, extraBytes);
        // The order of the three is that of the zip64 field.
        long bytes = wide.widened(file.unsignedInt(at + 24));
        long storedBytes = wide.widened(file.unsignedInt(at + 20));
        long headerStart = wide.widened(file.unsignedInt(at + 42));
        var entry = new Entry(
                name, file.unsignedShort(at + 8), file.unsignedShort(at + 10), storedBytes, bytes, headerStart);
        if (entries.put(name, entry) != null) {
            throw file.damaged("its zip directory lists '" + Quoted.text(name) + "' twice");
        }
        return next;
    }

    /** Refuses an entry that cannot be used in place, judged by the directory alone. */
    void check(Entry entry) {
        if ((entry.flags & ENCRYPTED) != 0) {
            throw EngineException.model(describe(entry) + " is encrypted; save the model with torch.save instead");
        }
        if (entry.method != 0 || entry.storedBytes != entry.bytes) {
            throw EngineException.model(describe(entry) + " is compressed, which PyTorch never does;"
                    + " unpack the archive and zip it again without compression (zip -0), or download the model again");
        }
        long room = end.directoryStart() - LOCAL_BYTES;
        if (entry.headerStart < 0
                || entry.headerStart > room
                || entry.bytes < 0
                || entry.bytes > room - entry.headerStart) {
            throw file.damaged("entry '" + Quoted.text(entry.name) + "' of " + entry.bytes + " bytes at byte "
                    + entry.headerStart + " runs into the zip directory");
        }
    }

    /** The entry's bytes in place. */
    MemorySegment data(Entry entry) {
        check(entry);
        long at = entry.headerStart;
        if (file.signedInt(at) != LOCAL) {
            throw file.damaged("no local zip header of '" + Quoted.text(entry.name) + "' at byte " + at);
        }
        int nameBytes = file.unsignedShort(at + 26);
        long start = at + LOCAL_BYTES + nameBytes + file.unsignedShort(at + 28);
        if (start > end.directoryStart() - entry.bytes) {
            throw file.damaged(
                    "entry '" + Quoted.text(entry.name) + "' at byte " + at + " runs into the zip directory");
        }
        if (!file.text(at + LOCAL_BYTES, nameBytes).equals(entry.name)) {
            throw file.damaged(
                    "the local zip header at byte " + at + " is not that of '" + Quoted.text(entry.name) + "'");
        }
        return file.bytes().asSlice(start, entry.bytes);
    }

    private String describe(Entry entry) {
        return file.path() + ": entry '" + Quoted.text(entry.name) + "'";
    }

    /** The 64-bit sizes of one directory entry, taken in order by those 32-bit ones that are saturated. */
    private final class Zip64 {
        private long at;
        private long limit;

        Zip64(long extra, int extraBytes) {
            long extraEnd = extra + extraBytes;
            long field = extra;
            while (extraEnd - field >= 4) {
                long fieldEnd = field + 4 + file.unsignedShort(field + 2);
                if (file.unsignedShort(field) == ZIP64_FIELD) {
                    at = field + 4;
                    limit = Math.min(fieldEnd, extraEnd);
                    return;
                }
                field = fieldEnd;
            }
        }

        long widened(long narrow) {
            if (narrow != ZipEnd.SATURATED) {
                return narrow;
            }
            if (limit - at < Long.BYTES) {
                throw file.damaged("a zip directory entry lacks its 64-bit sizes");
            }
            at += Long.BYTES;
            return file.signedLong(at - Long.BYTES);
        }
    }
}
