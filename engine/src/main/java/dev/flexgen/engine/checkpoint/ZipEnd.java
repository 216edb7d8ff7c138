package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;

/** The position of a zip archive's central directory, read from the records at the archive's end. */
record ZipEnd(long entries, long directoryStart, long directoryEnd) {

    /** What a 32-bit field holds when its value is in the zip64 record instead. */
    static final long SATURATED = 0xffff_ffffL;

    private static final int SATURATED_COUNT = 0xffff;
    private static final int END = 0x06054b50;
    private static final int END64 = 0x06064b50;
    private static final int LOCATOR64 = 0x07064b50;
    private static final int END_BYTES = 22;
    private static final int END64_BYTES = 56;
    private static final int LOCATOR64_BYTES = 20;
    private static final int LONGEST_COMMENT = 0xffff;

    static ZipEnd find(MappedFile file) {
        long end = endRecord(file);
        long entries = file.unsignedShort(end + 10);
        long bytes = file.unsignedInt(end + 12);
        long start = file.unsignedInt(end + 16);
        long limit = end;
        if (entries == SATURATED_COUNT || bytes == SATURATED || start == SATURATED) {
            long wide = end64Record(file, end);
            entries = file.signedLong(wide + 32);
            bytes = file.signedLong(wide + 40);
            start = file.signedLong(wide + 48);
            limit = wide;
        }
        if (entries < 0 || bytes < 0 || start < 0 || start > limit || bytes > limit - start) {
            throw file.damaged("its zip end record at byte " + end + " places the directory outside the file");
        }
        return new ZipEnd(entries, start, start + bytes);
    }

    private static long endRecord(MappedFile file) {
        long last = file.size() - END_BYTES;
        for (long at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
            if (file.signedInt(at) == END && file.unsignedShort(at + 20) == last - at) {
                return at;
            }
        }
        throw EngineException.model(file.path() + " has " + file.size() + " bytes and ends before its zip directory,"
                + " most likely an interrupted download; download it again");
    }

    private static long end64Record(MappedFile file, long end) {
        long locator = end - LOCATOR64_BYTES;
        if (locator >= 0 && file.signedInt(locator) == LOCATOR64) {
            long record = file.signedLong(locator + 8);
            if (record >= 0 && record <= locator - END64_BYTES && file.signedInt(record) == END64) {
                return record;
            }
        }
        throw file.damaged("its zip end record at byte " + end + " needs a zip64 record, which is not there");
    }
}
