package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;
import static dev.flexgen.engine.device.cpu.Lanes.total;

import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops over weights as they are stored: they go from memory straight into the
 * multiply-add. One row at a time, from its first byte to its last, is what the hardware's prefetcher follows best: four rows
 * at once compute faster out of a cache, and at half the speed out of memory. {@link BatchKernel} adds in the same order.
 *
 * <p>A half's exponent and fraction, shifted into a float's place, are the value times 2^-112. Multiplying every weight by
 * 2^112 would cost as much as the rest of the conversion, so the token's numbers are scaled instead, by {@link #inputScale},
 * and the results by {@link #outputScale}; powers of two change no digit, and 2^96 leaves room for activations up to 2^31.
 *
 * <p>Each loop is written once for every element type: behind a call that the compiler does not see through, a vector becomes an
 * object in memory.
 */
final class MixedDot {

    private static final VectorSpecies<Integer> INTS = VectorUnit.INTS;
    private static final VectorSpecies<Short> SHORTS = VectorUnit.SHORTS;

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private MixedDot() {}

    static float inputScale(DType dtype) {
        return dtype == DType.F16 ? 0x1p96f : 1;
    }

    static float outputScale(DType dtype) {
        return dtype == DType.F16 ? 0x1p16f : 1;
    }

    /** {@code row . x[xo..]} over {@code count} numbers that start {@code offset} bytes into {@code weights}; all scaled. */
    static float dot(DType dtype, MemorySegment weights, long offset, float[] x, int xo, int count) {
        float sum = switch (dtype) {
            case F32 -> singleDot(weights, offset, x, xo, count);
            case F16 -> halfDot(weights, offset, x, xo, count);
            case BF16 -> brainDot(weights, offset, x, xo, count);
        };
        for (int i = count / WIDTH * WIDTH; i < count; i++) {
            sum = fma(stored(dtype, weights, offset + dtype.bytes(i)), x[xo + i], sum);
        }
        return sum;
    }

    /** {@code y[yo..] += factor * row}, all scaled. */
    static void add(DType dtype, MemorySegment weights, long offset, float factor, float[] y, int yo, int count) {
        switch (dtype) {
            case F32 -> addSingle(weights, offset, factor, y, yo, count);
            case F16 -> addHalf(weights, offset, factor, y, yo, count);
            case BF16 -> addBrain(weights, offset, factor, y, yo, count);
        }
        for (int i = count / WIDTH * WIDTH; i < count; i++) {
            y[yo + i] = fma(stored(dtype, weights, offset + dtype.bytes(i)), factor, y[yo + i]);
        }
    }

    private static float singleDot(MemorySegment w, long offset, float[] x, int xo, int count) {
        FloatVector a = FloatVector.zero(FLOATS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= count - 4 * WIDTH; i += 4 * WIDTH) {
            a = fma(single(w, offset + 4L * i), load(x, xo + i), a);
            b = fma(single(w, offset + 4L * (i + WIDTH)), load(x, xo + i + WIDTH), b);
            c = fma(single(w, offset + 4L * (i + 2 * WIDTH)), load(x, xo + i + 2 * WIDTH), c);
            d = fma(single(w, offset + 4L * (i + 3 * WIDTH)), load(x, xo + i + 3 * WIDTH), d);
        }
        for (; i <= count - WIDTH; i += WIDTH) {
            a = fma(single(w, offset + 4L * i), load(x, xo + i), a);
        }
        return total(a.add(b).add(c.add(d)));
    }

    private static float halfDot(MemorySegment w, long offset, float[] x, int xo, int count) {
        FloatVector a = FloatVector.zero(FLOATS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= count - 4 * WIDTH; i += 4 * WIDTH) {
            a = fma(half(w, offset + 2L * i), load(x, xo + i), a);
            b = fma(half(w, offset + 2L * (i + WIDTH)), load(x, xo + i + WIDTH), b);
            c = fma(half(w, offset + 2L * (i + 2 * WIDTH)), load(x, xo + i + 2 * WIDTH), c);
            d = fma(half(w, offset + 2L * (i + 3 * WIDTH)), load(x, xo + i + 3 * WIDTH), d);
        }
        for (; i <= count - WIDTH; i += WIDTH) {
            a = fma(half(w, offset + 2L * i), load(x, xo + i), a);
        }
        return total(a.add(b).add(c.add(d)));
    }

    private static float brainDot(MemorySegment w, long offset, float[] x, int xo, int count) {
        FloatVector a = FloatVector.zero(FLOATS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= count - 4 * WIDTH; i += 4 * WIDTH) {
            a = fma(brain(w, offset + 2L * i), load(x, xo + i), a);
            b = fma(brain(w, offset + 2L * (i + WIDTH)), load(x, xo + i + WIDTH), b);
            c = fma(brain(w, offset + 2L * (i + 2 * WIDTH)), load(x, xo + i + 2 * WIDTH), c);
            d = fma(brain(w, offset + 2L * (i + 3 * WIDTH)), load(x, xo + i + 3 * WIDTH), d);
        }
        for (; i <= count - WIDTH; i += WIDTH) {
            a = fma(brain(w, offset + 2L * i), load(x, xo + i), a);
        }
        return total(a.add(b).add(c.add(d)));
    }

    private static void addSingle(MemorySegment w, long offset, float factor, float[] y, int yo, int count) {
        FloatVector f = FloatVector.broadcast(FLOATS, factor);
        for (int i = 0; i <= count - WIDTH; i += WIDTH) {
            fma(single(w, offset + 4L * i), f, load(y, yo + i)).intoArray(y, yo + i);
        }
    }

    private static void addHalf(MemorySegment w, long offset, float factor, float[] y, int yo, int count) {
        FloatVector f = FloatVector.broadcast(FLOATS, factor);
        for (int i = 0; i <= count - WIDTH; i += WIDTH) {
            fma(half(w, offset + 2L * i), f, load(y, yo + i)).intoArray(y, yo + i);
        }
    }

    private static void addBrain(MemorySegment w, long offset, float factor, float[] y, int yo, int count) {
        FloatVector f = FloatVector.broadcast(FLOATS, factor);
        for (int i = 0; i <= count - WIDTH; i += WIDTH) {
            fma(brain(w, offset + 2L * i), f, load(y, yo + i)).intoArray(y, yo + i);
        }
    }

    /** Decodes {@code count} numbers, scaled as {@link #half} scales: what {@link #dot} and {@link #add} compute with. */
    static void decode(DType dtype, MemorySegment weights, long offset, float[] target, int at, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(weights, FLOAT, offset, target, at, count);
            case F16 -> {
                for (int i = 0; i <= count - WIDTH; i += WIDTH) {
                    half(weights, offset + 2L * i).intoArray(target, at + i);
                }
            }
            case BF16 -> {
                for (int i = 0; i <= count - WIDTH; i += WIDTH) {
                    brain(weights, offset + 2L * i).intoArray(target, at + i);
                }
            }
        }
        for (int i = count / WIDTH * WIDTH; i < count; i++) {
            target[at + i] = stored(dtype, weights, offset + dtype.bytes(i));
        }
    }

    private static FloatVector single(MemorySegment w, long offset) {
        return FloatVector.fromMemorySegment(FLOATS, w, offset, ByteOrder.LITTLE_ENDIAN);
    }

    /** Times 2^-112. */
    private static FloatVector half(MemorySegment w, long offset) {
        return shorts(w, offset)
                .lanewise(VectorOperators.LSHL, 13)
                .and(0x8fffffff)
                .reinterpretAsFloats();
    }

    private static FloatVector brain(MemorySegment w, long offset) {
        return shorts(w, offset).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static IntVector shorts(MemorySegment w, long offset) {
        Vector<Short> shorts = ShortVector.fromMemorySegment(SHORTS, w, offset, ByteOrder.LITTLE_ENDIAN);
        return (IntVector) shorts.convertShape(VectorOperators.S2I, INTS, 0);
    }

    /** One element, scaled as {@link #half} scales. */
    private static float stored(DType dtype, MemorySegment w, long offset) {
        return switch (dtype) {
            case F32 -> w.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset);
            case F16 -> Float.float16ToFloat(w.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset)) * 0x1p-112f;
            case BF16 -> BFloat16.toFloat(w.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
        };
    }
}
