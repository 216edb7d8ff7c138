package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks the arguments of operations: where they lie and whether their sizes fit together. */
final class Operands {

    private final DeviceMemory memory;
    private final AddressRanges pageLocked;

    /** @param pageLocked host memory that the GPU can read */
    Operands(DeviceMemory memory, AddressRanges pageLocked) {
        this.memory = memory;
        this.pageLocked = pageLocked;
    }

    void table(Matrix table, int[] rows, Rows out) {
        here(table.data());
        here(out.data());
        equal("rows", rows.length, out.count());
        equal("columns", table.columns(), out.width());
        for (int row : rows) {
            if (row < 0 || row >= table.rows()) {
                throw new IllegalArgumentException("row " + row + " of a table of " + table.rows());
            }
        }
    }

    /** Rows of the same shape. */
    void alike(Rows in, Rows out) {
        here(in.data());
        here(out.data());
        equal("rows", in.count(), out.count());
        equal("width", in.width(), out.width());
    }

    /** Rows of {@code all} that are as many as {@code some} has, none twice. */
    void chosen(int[] rows, Rows all, Rows some) {
        here(all.data());
        here(some.data());
        equal("rows", rows.length, some.count());
        equal("width", all.width(), some.width());
        equal("different rows", Arrays.stream(rows).distinct().count(), rows.length);
        for (int row : rows) {
            if (row < 0 || row >= all.count()) {
                throw new IllegalArgumentException("row " + row + " of " + all.count());
            }
        }
    }

    /** A down projection, whose weights may also be mapped. */
    void downProduct(Matrix weight, Rows in, Rows out) {
        if (!pageLocked.contain(weight.data())) {
            here(weight.data());
        }
        shapes(weight.rows(), weight.columns(), in, out);
    }

    void product(Matrix weight, int inputs, int outputs, Rows in, Rows out) {
        here(weight.data());
        shapes(inputs, outputs, in, out);
    }

    private void shapes(int inputs, int outputs, Rows in, Rows out) {
        here(in.data());
        here(out.data());
        equal("inputs", inputs, in.width());
        equal("outputs", outputs, out.width());
        equal("rows", in.count(), out.count());
    }

    void vector(@Nullable MemorySegment vector, int length) {
        if (vector != null) {
            here(vector);
            if (vector.byteSize() < 4L * length) {
                throw new IllegalArgumentException(length + " numbers in " + vector.byteSize() + " bytes");
            }
        }
    }

    /** The sequences of {@code rows}, whose caches are alike. */
    void sequences(List<KvSequence> sequences, Rows rows) {
        equal("rows of sequences", KvSequence.rows(sequences), rows.count());
        for (KvSequence sequence : sequences) {
            KvView first = sequences.getFirst().cache();
            KvView cache = sequence.cache();
            if (!cache.encoding().equals(first.encoding())) {
                throw new IllegalArgumentException("caches of "
                        + cache.encoding().name() + " and " + first.encoding().name());
            }
            equal("heads of a cache", cache.heads(), first.heads());
            equal("head size of a cache", cache.headDim(), first.headDim());
            equal("tokens of a cache block", cache.blockTokens(), first.blockTokens());
            cache(cache, sequence.position(), sequence.rows());
        }
    }

    /** A cache with room for {@code tokens} from {@code position} on. */
    private void cache(KvView cache, int position, int tokens) {
        if (position < 0 || position + tokens > cache.capacity()) {
            throw new IllegalArgumentException(
                    "positions " + position + " to " + (position + tokens) + " in a cache of " + cache.capacity());
        }
        equal("blocks", cache.keys().size(), cache.values().size());
        for (int i = 0; i < cache.keys().size(); i++) {
            here(cache.keys().get(i));
            here(cache.values().get(i));
            equal("block bytes", cache.keyBytes(i), cache.keys().get(i).byteSize());
            equal("block bytes", cache.valueBytes(i), cache.values().get(i).byteSize());
        }
    }

    void sealing(KvSealing block) {
        equal("block bytes", block.openBytes(), block.keys().byteSize());
        equal("block bytes", block.openBytes(), block.values().byteSize());
        equal("sealed bytes", block.sealedKeyBytes(), block.sealedKeys().byteSize());
        equal("sealed bytes", block.sealedValueBytes(), block.sealedValues().byteSize());
        here(block.keys());
        here(block.values());
        here(block.sealedKeys());
        here(block.sealedValues());
    }

    void here(MemorySegment segment) {
        if (!memory.contains(segment)) {
            throw new IllegalArgumentException("not in this GPU's memory: " + segment);
        }
    }

    static void equal(String what, long one, long other) {
        if (one != other) {
            throw new IllegalArgumentException(what + ": " + one + " and " + other);
        }
    }
}
