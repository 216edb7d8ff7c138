package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells kernels where the blocks of caches lie. Few addresses travel with the launch. More are written to a table on the GPU, and
 * stay there: the caches of another layer mostly lie at one distance from those of the first, so that a table serves all layers,
 * and all steps until a cache grows by a block. Owned by the thread that owns the device.
 */
final class KvAddresses {

    /** {@code KV_NEAR}, {@code KV_PARTS}, {@code KvPart} and {@code Kv} in common.cuh. */
    private static final int NEAR = 64;

    static final int PARTS = 32;
    private static final int PART_BYTES = 36;
    private static final int HEAD_BYTES = 16 * NEAR + 3 * 8 + 4 * 4;
    private static final int BYTES = HEAD_BYTES + PARTS * PART_BYTES;

    /** {@code FAR_ENTRIES} in rows.cu. */
    private static final int ENTRIES = 400;

    private static final int TABLES = 32;

    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final Kernel writer;

    private final List<Table> tables = new ArrayList<>();
    private int used; // entries of all tables

    private int heads;
    private int headDim;
    private int blockTokens;
    private int[] firstBlocks = new int[0];
    private int[] sealedBlocks = new int[0];
    private long[] addresses = new long[0]; // key, value, key, value ...
    private int count; // of addresses
    private long table; // or 0, if they travel with the launch
    private long keyShift;
    private long valueShift;

    /** Addresses on the GPU from entry {@code at} on. */
    private record Table(int at, long[] addresses) {}

    KvAddresses(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch) {
        this.arguments = arguments;
        this.scratch = scratch;
        this.writer = new Kernel(launcher, "rows_table", 256, 0);
    }

    /** How many of the sequences from {@code from} on the table holds. */
    static int together(List<KvSequence> sequences, int from) {
        int count = 0;
        int entries = 0;
        for (KvSequence sequence : sequences.subList(from, sequences.size())) {
            int blocks = Math.ceilDiv(sequence.length(), sequence.cache().blockTokens());
            entries += 2 * blocks;
            if (entries > DeviceScratch.TABLE_ENTRIES) {
                break;
            }
            count++;
        }
        if (count == 0) {
            throw new IllegalArgumentException(
                    "a sequence of " + sequences.get(from).length() + " tokens has too many blocks");
        }
        return count;
    }

    /** Takes the caches of a call, at most {@link #together}; may launch what writes a table. */
    void take(List<KvSequence> sequences) {
        KvView shape = sequences.getFirst().cache();
        heads = shape.heads();
        headDim = shape.headDim();
        blockTokens = shape.blockTokens();
        collect(sequences);
        table = 0;
        if (count > 2 * NEAR) {
            Table found = tables.stream().filter(this::serves).findFirst().orElseGet(this::write);
            table = scratch.table() + 8L * found.at();
            keyShift = addresses[0] - found.addresses()[0];
            valueShift = addresses[1] - found.addresses()[1];
        }
    }

    private void collect(List<KvSequence> sequences) {
        if (firstBlocks.length < sequences.size()) {
            firstBlocks = new int[sequences.size()];
            sealedBlocks = new int[sequences.size()];
        }
        int blocks = 0;
        for (int i = 0; i < sequences.size(); i++) {
            firstBlocks[i] = blocks;
            sealedBlocks[i] = sequences.get(i).cache().sealedBlocks();
            blocks += Math.ceilDiv(sequences.get(i).length(), blockTokens);
        }
        count = 2 * blocks;
        if (addresses.length < count) {
            addresses = new long[count];
        }
        for (int i = 0; i < sequences.size(); i++) {
            KvView cache = sequences.get(i).cache();
            int own = Math.ceilDiv(sequences.get(i).length(), blockTokens);
            for (int block = 0; block < own; block++) {
                int at = 2 * (firstBlocks[i] + block);
                addresses[at] = cache.keys().get(block).address();
                addresses[at + 1] = cache.values().get(block).address();
            }
        }
    }

    /** Whether all addresses are those of the table, moved by one distance for keys and one for values. */
    private boolean serves(Table candidate) {
        long[] other = candidate.addresses();
        if (other.length != count) {
            return false;
        }
        long key = addresses[0] - other[0];
        long value = addresses[1] - other[1];
        for (int i = 0; i < count; i += 2) {
            if (addresses[i] - other[i] != key || addresses[i + 1] - other[i + 1] != value) {
                return false;
            }
        }
        return true;
    }

    private Table write() {
        if (used + count > DeviceScratch.TABLE_ENTRIES || tables.size() == TABLES) {
            tables.clear();
            used = 0;
        }
        long[] own = new long[count];
        System.arraycopy(addresses, 0, own, 0, count);
        Table made = new Table(used, own);
        for (int from = 0; from < count; from += ENTRIES) {
            int some = Math.min(ENTRIES, count - from);
            arguments.clear().address(scratch.table()).number(used + from).number(some);
            MemorySegment entries = arguments.structure(8 * ENTRIES);
            MemorySegment.copy(own, from, entries, ValueLayout.JAVA_LONG, 0, some);
            writer.launch(DType.F32, 1, 1, 1, arguments);
        }
        used += count;
        tables.addFirst(made);
        return made;
    }

    /** Appends the caches to a launch's arguments, with the parts of sequences that it is about, at most {@link #PARTS}. */
    void describe(List<AttentionPart> parts) {
        MemorySegment kv = arguments.structure(BYTES);
        for (int i = 0; i < count && table == 0; i++) {
            kv.setAtIndex(ValueLayout.JAVA_LONG, i % 2 * NEAR + i / 2, addresses[i]);
        }
        kv.setAtIndex(ValueLayout.JAVA_LONG, 2 * NEAR, table);
        kv.setAtIndex(ValueLayout.JAVA_LONG, 2 * NEAR + 1, keyShift);
        kv.setAtIndex(ValueLayout.JAVA_LONG, 2 * NEAR + 2, valueShift);
        int[] numbers = {heads, headDim, blockTokens, parts.size()};
        MemorySegment.copy(numbers, 0, kv, ValueLayout.JAVA_INT, 16L * NEAR + 24, numbers.length);
        for (int i = 0; i < parts.size(); i++) {
            AttentionPart part = parts.get(i);
            int[] fields = {
                part.row(),
                part.rows(),
                part.position(),
                firstBlocks[part.sequence()],
                part.span(),
                part.partial(),
                part.counter(),
                part.earlier(),
                sealedBlocks[part.sequence()]
            };
            long at = HEAD_BYTES + (long) i * PART_BYTES;
            MemorySegment.copy(fields, 0, kv, ValueLayout.JAVA_INT, at, fields.length);
        }
    }
}
