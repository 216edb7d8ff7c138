package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;

import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.quant.PageFormat;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Widens the keys and values of one head and block to floats, however the block holds them: what attention computes with. */
final class KvReader {

    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** By how much a word is shifted so that a lane's integer is in its lowest bits. */
    private static final IntVector SHIFTS =
            IntVector.zero(VectorUnit.INTS).addIndex(1).and(PageFormat.WORD - 1).mul(4);

    /** Lanes of a second word. */
    private static final VectorMask<Integer> SECOND =
            IntVector.zero(VectorUnit.INTS).addIndex(1).compare(VectorOperators.GE, PageFormat.WORD);

    private KvReader() {}

    /** Floats that a tile must have: those of a block, and behind them room for scales and offsets. */
    static int tile(KvView cache) {
        return cache.blockTokens() * cache.headDim() + 2 * cache.headDim();
    }

    /** Reads keys of the block that begins with position {@code from}. */
    static void keys(KvView cache, int head, int from, int count, float[] tile) {
        int block = cache.block(from);
        MemorySegment memory = cache.keys().get(block);
        if (!cache.isSealed(block)) {
            Convert.read(cache.dtype(), memory, cache.offset(head, from), tile, 0, count * cache.headDim());
            return;
        }
        PageFormat format = cache.format();
        int dim = cache.headDim();
        long base = (long) head * format.keyBytes(dim);
        int scales = cache.blockTokens() * dim;
        int offsets = scales + dim;
        Convert.read(DType.F16, memory, base + format.scalesAt(dim), tile, scales, dim);
        Convert.read(DType.F16, memory, base + format.keyOffsetsAt(dim), tile, offsets, dim);
        for (int token = 0; token < count; token++) {
            long row = base + (long) token * format.rowBytes(dim);
            int at = token * dim;
            int d = 0;
            for (; d <= dim - WIDTH; d += WIDTH) {
                fma(integers(memory, row, d), load(tile, scales + d), load(tile, offsets + d))
                        .intoArray(tile, at + d);
            }
            for (; d < dim; d++) {
                tile[at + d] = integer(memory, row, d) * tile[scales + d] + tile[offsets + d];
            }
        }
    }

    /** Reads values of the block that begins with position {@code from}. */
    static void values(KvView cache, int head, int from, int count, float[] tile) {
        int block = cache.block(from);
        MemorySegment memory = cache.values().get(block);
        if (!cache.isSealed(block)) {
            Convert.read(cache.dtype(), memory, cache.offset(head, from), tile, 0, count * cache.headDim());
            return;
        }
        PageFormat format = cache.format();
        int dim = cache.headDim();
        int size = format.encoding().groupSize();
        long base = (long) head * format.valueBytes(dim);
        long scaleAt = base + format.scalesAt(dim);
        for (int token = 0; token < count; token++) {
            long row = base + (long) token * format.rowBytes(dim);
            for (int group = 0; group < dim; group += size) {
                int both = memory.get(WORD, scaleAt);
                scaleAt += Integer.BYTES;
                float scale = Float.float16ToFloat((short) both);
                float offset = Float.float16ToFloat((short) (both >>> 16));
                int end = Math.min(dim, group + size);
                int at = token * dim;
                int d = group;
                for (; d <= end - WIDTH; d += WIDTH) {
                    fma(
                                    integers(memory, row, d),
                                    FloatVector.broadcast(Lanes.FLOATS, scale),
                                    FloatVector.broadcast(Lanes.FLOATS, offset))
                            .intoArray(tile, at + d);
                }
                for (; d < end; d++) {
                    tile[at + d] = integer(memory, row, d) * scale + offset;
                }
            }
        }
    }

    /** The integers of as many channels as a vector has, from {@code channel} on. */
    private static FloatVector integers(MemorySegment memory, long row, int channel) {
        long at = row + 4L * (channel / PageFormat.WORD);
        IntVector words =
                IntVector.broadcast(VectorUnit.INTS, memory.get(WORD, at) >>> (4 * (channel % PageFormat.WORD)));
        if (WIDTH > PageFormat.WORD) {
            words = words.blend(IntVector.broadcast(VectorUnit.INTS, memory.get(WORD, at + 4)), SECOND);
        }
        IntVector integers = words.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
        return (FloatVector) integers.convertShape(VectorOperators.I2F, Lanes.FLOATS, 0);
    }

    private static int integer(MemorySegment memory, long row, int channel) {
        return memory.get(WORD, row + 4L * (channel / PageFormat.WORD)) >>> (4 * (channel % PageFormat.WORD)) & 15;
    }
}
