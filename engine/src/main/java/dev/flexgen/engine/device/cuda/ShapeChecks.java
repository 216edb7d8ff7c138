package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What must hold before a kernel may follow a pointer: on a GPU nothing else would stop it. */
final class ShapeChecks {

    private ShapeChecks() {}

    static void same(String what, long actual, long expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(what + " is " + actual + ", expected " + expected);
        }
    }

    static void vector(String what, @Nullable MemorySegment vector, int length) {
        if (vector != null && vector.byteSize() < 4L * length) {
            throw new IllegalArgumentException(what + " has " + vector.byteSize() / 4 + " numbers, expected " + length);
        }
    }

    static void rows(Rows in, Rows out) {
        same("rows", out.count(), in.count());
        same("row width", out.width(), in.width());
    }

    static void ids(Matrix table, int[] ids, Rows out) {
        weights(table);
        same("row width", out.width(), table.columns());
        if (out.count() < ids.length) {
            throw new IllegalArgumentException(ids.length + " ids into " + out.count() + " rows");
        }
        for (int id : ids) {
            if (id < 0 || id >= table.rows()) {
                throw new IllegalArgumentException("id " + id + " of a table of " + table.rows() + " rows");
            }
        }
    }

    /** Where weights may lie: kernels load whole elements, and rows in groups by 16 bytes. */
    static void weights(Matrix matrix) {
        switch (matrix.encoding()) {
            case Encoding.Plain plain -> elements(plain.dtype(), matrix.data());
            case Encoding.Grouped grouped -> {
                if (!aligned(matrix.data())) {
                    throw new IllegalArgumentException(grouped.name() + " rows at the odd address "
                            + matrix.data().address());
                }
            }
        }
    }

    /** Kernels load whole elements: on a GPU they must lie at multiples of their size. */
    static void elements(DType dtype, MemorySegment data) {
        if (data.address() % dtype.bytes() != 0) {
            throw new IllegalArgumentException(dtype + " numbers at the odd address " + data.address());
        }
    }

    /** Sequences of {@code rows}: caches of one type and shape, with room for all. */
    static void sequences(List<KvSequence> sequences, Rows rows) {
        same("rows of sequences", KvSequence.rows(sequences), rows.count());
        for (KvSequence sequence : sequences) {
            KvView first = sequences.getFirst().cache();
            KvView cache = sequence.cache();
            if (cache.dtype() != first.dtype()) {
                throw new IllegalArgumentException("caches of " + first.dtype() + " and " + cache.dtype());
            }
            same("heads of a cache", cache.heads(), first.heads());
            same("head size of a cache", cache.headDim(), first.headDim());
            same("tokens of a cache block", cache.blockTokens(), first.blockTokens());
            cache(cache, sequence.length());
        }
    }

    /** The blocks of the first {@code tokens} tokens must be whole. */
    private static void cache(KvView cache, int tokens) {
        if (tokens > cache.capacity()) {
            throw new IllegalArgumentException(tokens + " tokens in a cache for " + cache.capacity());
        }
        for (int i = 0; i < Math.ceilDiv(tokens, cache.blockTokens()); i++) {
            elements(cache.dtype(), cache.keys().get(i));
            elements(cache.dtype(), cache.values().get(i));
            blockBytes(i, cache.keys().get(i), cache.keyBytes(i));
            blockBytes(i, cache.values().get(i), cache.valueBytes(i));
        }
    }

    private static void blockBytes(int block, MemorySegment memory, long bytes) {
        if (memory.byteSize() < bytes) {
            throw new IllegalArgumentException("cache block " + block + " is smaller than " + bytes + " bytes");
        }
    }

    /** A block to be sealed, of 16-bit numbers. */
    static void sealing(KvSealing block) {
        if (block.encoding().open().elementType().bytes() != 2 || block.headDim() > CudaAttention.MOST_HEAD_DIM) {
            throw new IllegalArgumentException(
                    "sealing blocks of " + block.encoding() + " and heads of " + block.headDim());
        }
        same("bytes of keys", block.keys().byteSize(), block.openBytes());
        same("bytes of values", block.values().byteSize(), block.openBytes());
        same("bytes of sealed keys", block.sealedKeys().byteSize(), block.sealedKeyBytes());
        same("bytes of sealed values", block.sealedValues().byteSize(), block.sealedValueBytes());
        if (!aligned(block.sealedKeys()) || !aligned(block.sealedValues())) {
            throw new IllegalArgumentException("sealed pages must begin at multiples of 16");
        }
    }

    /** Whether 16-byte loads may start here. */
    static boolean aligned(@Nullable MemorySegment segment) {
        return segment == null || segment.address() % 16 == 0;
    }

    /** What is appended to caches. */
    static void append(Rows keys, Rows values, List<KvSequence> sequences) {
        rows(keys, values);
        sequences(sequences, keys);
        if (!sequences.isEmpty()) {
            KvView cache = sequences.getFirst().cache();
            same("key width", keys.width(), (long) cache.heads() * cache.headDim());
        }
    }

    /** What attends to them. */
    static void attend(Rows query, List<KvSequence> sequences, Rows out) {
        rows(query, out);
        sequences(sequences, query);
        if (!sequences.isEmpty()) {
            KvView cache = sequences.getFirst().cache();
            if (cache.headDim() > CudaAttention.MOST_HEAD_DIM) {
                throw new IllegalArgumentException(
                        "heads of " + cache.headDim() + ", at most " + CudaAttention.MOST_HEAD_DIM);
            }
            same("query heads beyond a multiple of key heads", query.width() % (cache.heads() * cache.headDim()), 0);
        }
    }
}
