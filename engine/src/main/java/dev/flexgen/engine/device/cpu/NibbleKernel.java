package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;
import static dev.flexgen.engine.device.cpu.Lanes.total;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over 4-bit integers. A vector of words holds a field for each lane at every fourth bit; a field shifted to the top of the
 * fraction of 1.0 makes the level {@code 1 + q / 16}, by a shift and one logic instruction, on any width of vectors.
 *
 * <p>Words of 8 lanes are one group. Wider vectors hold two groups, narrower ones half of one.
 */
record NibbleKernel() implements GroupKernel {

    private static final VectorSpecies<Integer> INTS = VectorUnit.INTS;
    private static final VectorMask<Float> UPPER = VectorMask.fromLong(FLOATS, 0xff00);

    /** Fields of a word. */
    private static final int FIELDS = 8;

    private static final int GROUP_WORDS = 8;
    /** Numbers that a vector of words holds. */
    private static final int STEP = FIELDS * WIDTH;

    private static final long VECTOR_BYTES = 4L * WIDTH;
    private static final int FRACTION = 0x00780000;
    private static final int ONE = 0x3f800000;

    @Override
    public float factor() {
        return 16;
    }

    @Override
    public int arranged(int columns) {
        return vectors(Math.ceilDiv(columns, 64)) * STEP;
    }

    @Override
    public int place(int column) {
        int word = column / 64 * GROUP_WORDS + column % GROUP_WORDS;
        int field = column % 64 / GROUP_WORDS;
        return word / WIDTH * STEP + field * WIDTH + word % WIDTH;
    }

    /** Vectors of a row's words. */
    private static int vectors(int groups) {
        return Math.ceilDiv(groups * GROUP_WORDS, WIDTH);
    }

    /** Vectors that end within the row's words. */
    private static int wholeVectors(int groups) {
        return groups * GROUP_WORDS / WIDTH;
    }

    private static IntVector words(MemorySegment weights, long offset) {
        return IntVector.fromMemorySegment(INTS, weights, offset, ByteOrder.LITTLE_ENDIAN);
    }

    /** The words at the end of a row that fill half a vector. */
    private static IntVector lastWords(MemorySegment weights, long offset) {
        VectorMask<Integer> there = INTS.indexInRange(0, GROUP_WORDS);
        return IntVector.fromMemorySegment(INTS, weights, offset, ByteOrder.LITTLE_ENDIAN, there);
    }

    /** The level of the field at the top of the fraction. */
    private static FloatVector level(IntVector words) {
        return words.and(FRACTION).or(ONE).reinterpretAsFloats();
    }

    /** Brings the lowest field of words as stored to the top of the fraction. */
    private static IntVector first(IntVector words) {
        return words.lanewise(VectorOperators.ROL, 19);
    }

    private static IntVector next(IntVector words) {
        return words.lanewise(VectorOperators.ROR, 4);
    }

    /** The groups' factors for each lane of a vector. */
    private static FloatVector factors(float[] factors, int vector) {
        if (WIDTH <= GROUP_WORDS) {
            return FloatVector.broadcast(FLOATS, factors[vector * WIDTH / GROUP_WORDS]);
        }
        return FloatVector.broadcast(FLOATS, factors[2 * vector])
                .blend(FloatVector.broadcast(FLOATS, factors[2 * vector + 1]), UPPER);
    }

    // The loops over fields are loops because the compiler inlines so much and no more into one method, and behind a call that is
    // not inlined a vector becomes an object in memory.

    @Override
    public float dot(MemorySegment weights, long row, int groups, float[] factors, float[] x, int xo) {
        int whole = wholeVectors(groups);
        FloatVector sum = FloatVector.zero(FLOATS);
        int at = xo;
        for (int v = 0; v < whole; v++) {
            IntVector words = first(words(weights, row + v * VECTOR_BYTES));
            FloatVector a = FloatVector.zero(FLOATS);
            for (int k = 0; k < FIELDS; k++) {
                a = fma(level(words), load(x, at), a);
                words = next(words);
                at += WIDTH;
            }
            sum = fma(a, factors(factors, v), sum);
        }
        float last = whole < vectors(groups) ? lastDot(weights, row, whole, factors, x, at) : 0;
        return total(sum) + last;
    }

    /** Of the words at the end of a row that fill half a vector. */
    private static float lastDot(MemorySegment weights, long row, int v, float[] factors, float[] x, int xo) {
        IntVector words = first(lastWords(weights, row + v * VECTOR_BYTES));
        FloatVector a = FloatVector.zero(FLOATS);
        for (int k = 0; k < FIELDS; k++) {
            a = fma(level(words), load(x, xo + k * WIDTH), a);
            words = next(words);
        }
        return total(a.mul(factors(factors, v)));
    }

    @Override
    public void dots(
            MemorySegment weights,
            long row,
            int groups,
            float[] factors,
            float[] x,
            int xo,
            int xs,
            float[] sums,
            int so) {
        int whole = wholeVectors(groups);
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int at = xo;
        for (int v = 0; v < whole; v++) {
            IntVector words = first(words(weights, row + v * VECTOR_BYTES));
            FloatVector a = FloatVector.zero(FLOATS);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (int k = 0; k < FIELDS; k++) {
                FloatVector level = level(words);
                a = fma(level, load(x, at), a);
                b = fma(level, load(x, at + xs), b);
                c = fma(level, load(x, at + 2 * xs), c);
                d = fma(level, load(x, at + 3 * xs), d);
                words = next(words);
                at += WIDTH;
            }
            FloatVector f = factors(factors, v);
            s0 = fma(a, f, s0);
            s1 = fma(b, f, s1);
            s2 = fma(c, f, s2);
            s3 = fma(d, f, s3);
        }
        sums[so] = total(s0);
        sums[so + 1] = total(s1);
        sums[so + 2] = total(s2);
        sums[so + 3] = total(s3);
        for (int t = 0; t < TOKENS; t++) {
            sums[so + t] += whole < vectors(groups) ? lastDot(weights, row, whole, factors, x, at + t * xs) : 0;
        }
    }

    @Override
    public void addRows(
            MemorySegment weights,
            long row,
            float[] factors,
            long secondRow,
            float[] secondFactors,
            int groups,
            float[] y,
            int yo) {
        int whole = wholeVectors(groups);
        int at = yo;
        for (int v = 0; v < whole; v++) {
            IntVector a = first(words(weights, row + v * VECTOR_BYTES));
            IntVector b = first(words(weights, secondRow + v * VECTOR_BYTES));
            FloatVector fa = factors(factors, v);
            FloatVector fb = factors(secondFactors, v);
            for (int k = 0; k < FIELDS; k++) {
                fma(level(b), fb, fma(level(a), fa, load(y, at))).intoArray(y, at);
                a = next(a);
                b = next(b);
                at += WIDTH;
            }
        }
        if (whole < vectors(groups)) {
            IntVector a = first(lastWords(weights, row + whole * VECTOR_BYTES));
            IntVector b = first(lastWords(weights, secondRow + whole * VECTOR_BYTES));
            FloatVector fa = factors(factors, whole);
            FloatVector fb = factors(secondFactors, whole);
            for (int k = 0; k < FIELDS; k++) {
                fma(level(b), fb, fma(level(a), fa, load(y, at))).intoArray(y, at);
                a = next(a);
                b = next(b);
                at += WIDTH;
            }
        }
    }
}
