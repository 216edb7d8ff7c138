package dev.flexgen.engine.cache;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Where the records of a file are: block after block, of each the layers. Behind each record is a checksum of it and of its
 * place, so that none can take another's.
 *
 * @param start of the first
 * @param sealedBlocks how many of the blocks are in sealed form
 */
record KvRecords(KvLayout layout, long start, int blocks, int sealedBlocks) {

    static final int SUM_BYTES = 4;

    int count() {
        return blocks * layers();
    }

    int layers() {
        return layout.layers().size();
    }

    int block(int record) {
        return record / layers();
    }

    int layer(int record) {
        return record % layers();
    }

    PageForm form(int record) {
        return block(record) < sealedBlocks ? PageForm.SEALED : PageForm.OPEN;
    }

    /** Of a record without its checksum. */
    long bytes(int record) {
        return KvRecord.bytes(layout, form(record), layer(record));
    }

    /** Of the longest record with its checksum. */
    long mostBytes() {
        long most = 0;
        for (int layer = 0; layer < layers(); layer++) {
            most = Math.max(most, KvRecord.bytes(layout, PageForm.OPEN, layer));
            most = sealedBlocks == 0 ? most : Math.max(most, KvRecord.bytes(layout, PageForm.SEALED, layer));
        }
        return most + SUM_BYTES;
    }

    /** Where a record begins; the end of the file for the one behind the last. */
    long offset(int record) {
        int block = block(record);
        long at = start + blockBytes(PageForm.SEALED) * Math.min(block, sealedBlocks);
        at += blockBytes(PageForm.OPEN) * Math.max(0, block - sealedBlocks);
        for (int before = block * layers(); before < record; before++) {
            at += bytes(before) + SUM_BYTES;
        }
        return at;
    }

    private long blockBytes(PageForm form) {
        if (form == PageForm.SEALED && sealedBlocks == 0) {
            return 0;
        }
        long bytes = 0;
        for (int layer = 0; layer < layers(); layer++) {
            bytes += KvRecord.bytes(layout, form, layer) + SUM_BYTES;
        }
        return bytes;
    }

    /** The checksum of a record in its place. */
    static int sum(MemorySegment bytes, int record) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.asByteBuffer());
        crc.update(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(record)
                .flip());
        return (int) crc.getValue();
    }
}
