package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.quant.GroupQuantizer;
import dev.flexgen.engine.quant.PageFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** Seals full blocks: {@link dev.flexgen.engine.quant.PageCodec}, head by head on all threads. */
final class PageSealer {

    private static final int TOP = 15;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final WorkerPool pool;
    private final Scratch[] scratch;

    PageSealer(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
    }

    void seal(List<KvSealing> blocks) {
        if (!blocks.isEmpty()) {
            int heads = blocks.getFirst().heads();
            pool.run(blocks.size() * heads, (part, worker) -> {
                KvSealing block = blocks.get(part / heads);
                keys(block, part % heads, scratch[worker]);
                values(block, part % heads, scratch[worker]);
            });
        }
    }

    private static void keys(KvSealing block, int head, Scratch memory) {
        PageFormat format = block.format();
        int dim = block.headDim();
        float[] x = read(block, block.keys(), head, memory);
        float[] scales = memory.second(3 * dim);
        range(x, dim, format.tokens(), scales);
        int bytes = format.keyBytes(dim);
        MemorySegment out = block.sealedKeys().asSlice((long) head * bytes, bytes);
        out.asSlice(format.scalesAt(dim)).fill((byte) 0);
        for (int d = 0; d < dim; d++) {
            float offset = half(scales[d], out, format.keyOffsetsAt(dim) + 2L * d);
            float scale = half((scales[dim + d] - offset) / TOP, out, format.scalesAt(dim) + 2L * d);
            scales[d] = offset;
            scales[2 * dim + d] = scale == 0 ? 0 : 1 / scale;
        }
        for (int t = 0; t < format.tokens(); t++) {
            for (int d = 0; d < dim; d += PageFormat.WORD) {
                int word = 0;
                for (int i = d; i < Math.min(dim, d + PageFormat.WORD); i++) {
                    word |= integer(x[t * dim + i], scales[i], scales[2 * dim + i]) << (4 * (i - d));
                }
                out.set(WORD, (long) t * format.rowBytes(dim) + d / 2, word);
            }
        }
    }

    /** The least number of each channel, and then the greatest. */
    private static void range(float[] x, int dim, int tokens, float[] range) {
        System.arraycopy(x, 0, range, 0, dim);
        System.arraycopy(x, 0, range, dim, dim);
        for (int t = 1; t < tokens; t++) {
            for (int d = 0; d < dim; d++) {
                range[d] = Math.min(range[d], x[t * dim + d]);
                range[dim + d] = Math.max(range[dim + d], x[t * dim + d]);
            }
        }
    }

    private static void values(KvSealing block, int head, Scratch memory) {
        PageFormat format = block.format();
        int dim = block.headDim();
        int size = format.encoding().groupSize();
        float[] x = read(block, block.values(), head, memory);
        int bytes = format.valueBytes(dim);
        MemorySegment out = block.sealedValues().asSlice((long) head * bytes, bytes);
        long scaleAt = format.scalesAt(dim);
        for (int t = 0; t < format.tokens(); t++) {
            for (int group = 0; group < dim; group += size) {
                int end = Math.min(dim, group + size);
                float least = x[t * dim + group];
                float most = least;
                for (int d = group + 1; d < end; d++) {
                    least = Math.min(least, x[t * dim + d]);
                    most = Math.max(most, x[t * dim + d]);
                }
                float offset = half(least, out, scaleAt + 2);
                float scale = half((most - offset) / TOP, out, scaleAt);
                scaleAt += format.encoding().scaleBytes();
                float inverse = scale == 0 ? 0 : 1 / scale;
                for (int d = group; d < end; d += PageFormat.WORD) {
                    int word = 0;
                    for (int i = d; i < Math.min(end, d + PageFormat.WORD); i++) {
                        word |= integer(x[t * dim + i], offset, inverse) << (4 * (i - d));
                    }
                    out.set(WORD, (long) t * format.rowBytes(dim) + d / 2, word);
                }
            }
        }
    }

    private static float[] read(KvSealing block, MemorySegment source, int head, Scratch memory) {
        int count = block.format().tokens() * block.headDim();
        float[] x = memory.first(count);
        long offset = block.encoding().open().bytes((long) head * block.format().tokens(), block.headDim());
        Convert.read(block.encoding().open().elementType(), source, offset, x, 0, count);
        return x;
    }

    private static int integer(float number, float offset, float inverse) {
        return Math.clamp((int) Math.rint((number - offset) * inverse), 0, TOP);
    }

    /** Stores a number as a group does, and returns what it has become. */
    private static float half(float number, MemorySegment out, long at) {
        float rounded = GroupQuantizer.rounded(number);
        out.set(SHORT, at, Float.floatToFloat16(rounded));
        return rounded;
    }
}
