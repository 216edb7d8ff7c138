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
 * Loops over 4-bit integers. A vector of words holds a field for each lane at every fourth bit; shifting the words brings one after
 * the other to the lowest bits. Words of 8 lanes are one group: wider vectors hold two groups, narrower ones half of one.
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
    private static final int FIELD = 15;
    private static final int HALF = FIELDS / 2;

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

    /** The integers at the lowest bits. */
    private static FloatVector level(IntVector words) {
        return (FloatVector) words.and(FIELD).convertShape(VectorOperators.I2F, FLOATS, 0);
    }

    private static IntVector next(IntVector words) {
        return words.lanewise(VectorOperators.LSHR, 4);
    }

    private static IntVector secondHalf(IntVector words) {
        return words.lanewise(VectorOperators.LSHR, 4 * HALF);
    }

    /** The groups' factors for each lane of a vector. */
    private static FloatVector factors(float[] factors, int vector) {
        if (WIDTH <= GROUP_WORDS) {
            return FloatVector.broadcast(FLOATS, factors[vector * WIDTH / GROUP_WORDS]);
        }
        return FloatVector.broadcast(FLOATS, factors[2 * vector])
                .blend(FloatVector.broadcast(FLOATS, factors[2 * vector + 1]), UPPER);
    }

    // The loops over fields are loops because the compiler inlines so much and no more into one method, and behind a
    // call that is
    // not inlined a vector becomes an object in memory. Two sums for the halves of the words and two vectors at a time
    // hide the
    // latency of the multiply-add: as measured, that makes these loops three times as fast.

    @Override
    public void dotRows(
            MemorySegment weights,
            long row,
            float[] factors,
            long secondRow,
            float[] secondFactors,
            int groups,
            float[] x,
            int xo,
            float[] sums,
            int so) {
        int whole = wholeVectors(groups);
        FloatVector sum = FloatVector.zero(FLOATS);
        FloatVector secondSum = sum;
        for (int v = 0; v < whole; v++) {
            IntVector p = words(weights, row + v * VECTOR_BYTES);
            IntVector q = words(weights, secondRow + v * VECTOR_BYTES);
            FloatVector p0 = FloatVector.zero(FLOATS);
            FloatVector p1 = p0;
            FloatVector q0 = p0;
            FloatVector q1 = p0;
            int at = xo + v * STEP;
            for (int k = 0; k < HALF; k++) {
                FloatVector x0 = load(x, at);
                FloatVector x1 = load(x, at + STEP / 2);
                p0 = fma(level(p), x0, p0);
                p1 = fma(level(secondHalf(p)), x1, p1);
                q0 = fma(level(q), x0, q0);
                q1 = fma(level(secondHalf(q)), x1, q1);
                p = next(p);
                q = next(q);
                at += WIDTH;
            }
            sum = fma(p0.add(p1), factors(factors, v), sum);
            secondSum = fma(q0.add(q1), factors(secondFactors, v), secondSum);
        }
        sums[so] = total(sum);
        sums[so + 1] = total(secondSum);
        if (whole < vectors(groups)) {
            int at = xo + whole * STEP;
            sums[so] += lastDot(weights, row, whole, factors, x, at);
            sums[so + 1] += lastDot(weights, secondRow, whole, secondFactors, x, at);
        }
    }

    /** Of the words at the end of a row that fill half a vector. */
    private static float lastDot(MemorySegment weights, long row, int v, float[] factors, float[] x, int xo) {
        IntVector p = lastWords(weights, row + v * VECTOR_BYTES);
        FloatVector p0 = FloatVector.zero(FLOATS);
        FloatVector p1 = p0;
        for (int k = 0; k < HALF; k++) {
            p0 = fma(level(p), load(x, xo + k * WIDTH), p0);
            p1 = fma(level(secondHalf(p)), load(x, xo + k * WIDTH + STEP / 2), p1);
            p = next(p);
        }
        return total(p0.add(p1).mul(factors(factors, v)));
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
        for (int v = 0; v < whole; v++) {
            IntVector words = words(weights, row + v * VECTOR_BYTES);
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            FloatVector c0 = a0;
            FloatVector c1 = a0;
            FloatVector d0 = a0;
            FloatVector d1 = a0;
            int at = xo + v * STEP;
            for (int k = 0; k < HALF; k++) {
                FloatVector level = level(words);
                a0 = fma(level, load(x, at), a0);
                b0 = fma(level, load(x, at + xs), b0);
                c0 = fma(level, load(x, at + 2 * xs), c0);
                d0 = fma(level, load(x, at + 3 * xs), d0);
                level = level(secondHalf(words));
                int second = at + STEP / 2;
                a1 = fma(level, load(x, second), a1);
                b1 = fma(level, load(x, second + xs), b1);
                c1 = fma(level, load(x, second + 2 * xs), c1);
                d1 = fma(level, load(x, second + 3 * xs), d1);
                words = next(words);
                at += WIDTH;
            }
            FloatVector f = factors(factors, v);
            s0 = fma(a0.add(a1), f, s0);
            s1 = fma(b0.add(b1), f, s1);
            s2 = fma(c0.add(c1), f, s2);
            s3 = fma(d0.add(d1), f, s3);
        }
        sums[so] = total(s0);
        sums[so + 1] = total(s1);
        sums[so + 2] = total(s2);
        sums[so + 3] = total(s3);
        for (int t = 0; t < TOKENS && whole < vectors(groups); t++) {
            sums[so + t] += lastDot(weights, row, whole, factors, x, xo + t * xs + whole * STEP);
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
        for (int v = 0; v < whole; v++) {
            IntVector a = words(weights, row + v * VECTOR_BYTES);
            IntVector b = words(weights, secondRow + v * VECTOR_BYTES);
            FloatVector fa = factors(factors, v);
            FloatVector fb = factors(secondFactors, v);
            int at = yo + v * STEP;
            for (int k = 0; k < FIELDS; k++) {
                fma(level(b), fb, fma(level(a), fa, load(y, at))).intoArray(y, at);
                a = next(a);
                b = next(b);
                at += WIDTH;
            }
        }
        if (whole < vectors(groups)) {
            IntVector a = lastWords(weights, row + whole * VECTOR_BYTES);
            IntVector b = lastWords(weights, secondRow + whole * VECTOR_BYTES);
            FloatVector fa = factors(factors, whole);
            FloatVector fb = factors(secondFactors, whole);
            int at = yo + whole * STEP;
            for (int k = 0; k < FIELDS; k++) {
                fma(level(b), fb, fma(level(a), fa, load(y, at))).intoArray(y, at);
                a = next(a);
                b = next(b);
                at += WIDTH;
            }
        }
    }
}
