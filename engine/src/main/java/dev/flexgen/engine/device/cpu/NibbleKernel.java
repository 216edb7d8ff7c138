package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over 4-bit integers. A vector of words holds a field for each lane at every fourth bit. Four fields are masked and converted
 * where they are, which multiplies them by 1, 16, 256 and 4096; numbers that they meet are divided by as much beforehand, and no digit
 * changes. Then one shift brings the other four down. Words of 8 lanes are one group: wider vectors hold two groups, narrower ones half
 * of one.
 */
record NibbleKernel() implements GroupKernel {

    private static final VectorSpecies<Integer> INTS = VectorUnit.INTS;
    /** Brings the factors of two groups to their lanes. */
    private static final VectorShuffle<Float> SPREAD = VectorShuffle.fromOp(FLOATS, lane -> lane / 8);

    /** Fields of a word. */
    private static final int FIELDS = 8;

    private static final int GROUP_WORDS = 8;
    /** Numbers that a vector of words holds. */
    private static final int STEP = FIELDS * WIDTH;

    private static final long VECTOR_BYTES = 4L * WIDTH;
    private static final IntVector FIELD_0 = IntVector.broadcast(INTS, 0xf);
    private static final IntVector FIELD_1 = IntVector.broadcast(INTS, 0xf0);
    private static final IntVector FIELD_2 = IntVector.broadcast(INTS, 0xf00);
    private static final IntVector FIELD_3 = IntVector.broadcast(INTS, 0xf000);
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

    @Override
    public float unit(int column) {
        return 1f / (1 << (4 * (column % 64 / GROUP_WORDS % HALF)));
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

    /** Fields as they lie in a word: the integers times 1, 16, 256 or 4096. */
    private static FloatVector level(IntVector words, IntVector field) {
        return (FloatVector) words.and(field).convertShape(VectorOperators.I2F, FLOATS, 0);
    }

    private static IntVector secondHalf(IntVector words) {
        return words.lanewise(VectorOperators.LSHR, 4 * HALF);
    }

    /** The groups' factors for each lane of a vector. */
    private static FloatVector factors(float[] factors, int fo, int vector) {
        if (WIDTH <= GROUP_WORDS) {
            return FloatVector.broadcast(FLOATS, factors[fo + vector * WIDTH / GROUP_WORDS]);
        }
        return load(factors, fo + 2 * vector).rearrange(SPREAD);
    }

    // The compiler inlines some forty vector operations into one method and no more; behind a call that is not inlined
    // a vector becomes
    // an object in memory. So fields are a loop, and sums are added up by the caller. Two sums for the halves of the
    // words and two rows
    // at a time hide the latency of the multiply-add.

    @Override
    public void dotRows(
            MemorySegment weights,
            long row,
            long secondRow,
            int groups,
            float[] factors,
            int fo,
            int secondFo,
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
            FloatVector a = FloatVector.zero(FLOATS);
            FloatVector b = a;
            int at = xo + v * STEP;
            for (int half = 0; half < 2; half++) {
                FloatVector y = load(x, at);
                a = fma(level(p, FIELD_0), y, a);
                b = fma(level(q, FIELD_0), y, b);
                y = load(x, at + WIDTH);
                a = fma(level(p, FIELD_1), y, a);
                b = fma(level(q, FIELD_1), y, b);
                y = load(x, at + 2 * WIDTH);
                a = fma(level(p, FIELD_2), y, a);
                b = fma(level(q, FIELD_2), y, b);
                y = load(x, at + 3 * WIDTH);
                a = fma(level(p, FIELD_3), y, a);
                b = fma(level(q, FIELD_3), y, b);
                p = secondHalf(p);
                q = secondHalf(q);
                at += HALF * WIDTH;
            }
            sum = fma(a, factors(factors, fo, v), sum);
            secondSum = fma(b, factors(factors, secondFo, v), secondSum);
        }
        sum.intoArray(sums, so);
        secondSum.intoArray(sums, so + WIDTH);
        if (whole < vectors(groups)) {
            int at = xo + whole * STEP;
            lastDot(weights, row, whole, factors, fo, x, at, sums, so);
            lastDot(weights, secondRow, whole, factors, secondFo, x, at, sums, so + WIDTH);
        }
    }

    /** Of the words at the end of a row that fill half a vector. */
    private static void lastDot(
            MemorySegment weights, long row, int v, float[] factors, int fo, float[] x, int xo, float[] sums, int so) {
        IntVector p = lastWords(weights, row + v * VECTOR_BYTES);
        FloatVector a = FloatVector.zero(FLOATS);
        int at = xo;
        for (int half = 0; half < 2; half++) {
            a = fma(level(p, FIELD_0), load(x, at), a);
            a = fma(level(p, FIELD_1), load(x, at + WIDTH), a);
            a = fma(level(p, FIELD_2), load(x, at + 2 * WIDTH), a);
            a = fma(level(p, FIELD_3), load(x, at + 3 * WIDTH), a);
            p = secondHalf(p);
            at += HALF * WIDTH;
        }
        fma(a, factors(factors, fo, v), load(sums, so)).intoArray(sums, so);
    }

    @Override
    public void dots(
            MemorySegment weights,
            long row,
            int groups,
            float[] factors,
            int fo,
            float[] x,
            int[] places,
            int first,
            float[] sums,
            int so) {
        int x0 = places[first];
        int x1 = places[first + 1];
        int x2 = places[first + 2];
        int x3 = places[first + 3];
        int whole = wholeVectors(groups);
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int v = 0; v < whole; v++) {
            IntVector words = words(weights, row + v * VECTOR_BYTES);
            FloatVector a = FloatVector.zero(FLOATS);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            int at = v * STEP;
            for (int k = 0; k < FIELDS; k++) {
                FloatVector level = level(words, IntVector.broadcast(INTS, 0xf << (4 * (k % HALF))));
                a = fma(level, load(x, x0 + at), a);
                b = fma(level, load(x, x1 + at), b);
                c = fma(level, load(x, x2 + at), c);
                d = fma(level, load(x, x3 + at), d);
                if (k == HALF - 1) {
                    words = secondHalf(words);
                }
                at += WIDTH;
            }
            FloatVector f = factors(factors, fo, v);
            s0 = fma(a, f, s0);
            s1 = fma(b, f, s1);
            s2 = fma(c, f, s2);
            s3 = fma(d, f, s3);
        }
        s0.intoArray(sums, so);
        s1.intoArray(sums, so + WIDTH);
        s2.intoArray(sums, so + 2 * WIDTH);
        s3.intoArray(sums, so + 3 * WIDTH);
        for (int t = 0; t < TOKENS && whole < vectors(groups); t++) {
            lastDot(weights, row, whole, factors, fo, x, places[first + t] + whole * STEP, sums, so + t * WIDTH);
        }
    }

    @Override
    public void addRows(
            MemorySegment weights,
            long row,
            long secondRow,
            int groups,
            float[] factors,
            int fo,
            int secondFo,
            float[] y,
            int yo) {
        int whole = wholeVectors(groups);
        for (int v = 0; v < whole; v++) {
            IntVector a = words(weights, row + v * VECTOR_BYTES);
            IntVector b = words(weights, secondRow + v * VECTOR_BYTES);
            FloatVector fa = factors(factors, fo, v);
            FloatVector fb = factors(factors, secondFo, v);
            int at = yo + v * STEP;
            for (int half = 0; half < 2; half++) {
                add(level(a, FIELD_0), fa, level(b, FIELD_0), fb, y, at);
                add(level(a, FIELD_1), fa, level(b, FIELD_1), fb, y, at + WIDTH);
                add(level(a, FIELD_2), fa, level(b, FIELD_2), fb, y, at + 2 * WIDTH);
                add(level(a, FIELD_3), fa, level(b, FIELD_3), fb, y, at + 3 * WIDTH);
                a = secondHalf(a);
                b = secondHalf(b);
                at += HALF * WIDTH;
            }
        }
        if (whole < vectors(groups)) {
            addLast(weights, row, secondRow, whole, factors, fo, secondFo, y, yo + whole * STEP);
        }
    }

    /** The words at the end of two rows that fill half a vector. */
    private static void addLast(
            MemorySegment weights,
            long row,
            long secondRow,
            int v,
            float[] factors,
            int fo,
            int secondFo,
            float[] y,
            int yo) {
        IntVector a = lastWords(weights, row + v * VECTOR_BYTES);
        IntVector b = lastWords(weights, secondRow + v * VECTOR_BYTES);
        FloatVector fa = factors(factors, fo, v);
        FloatVector fb = factors(factors, secondFo, v);
        int at = yo;
        for (int half = 0; half < 2; half++) {
            add(level(a, FIELD_0), fa, level(b, FIELD_0), fb, y, at);
            add(level(a, FIELD_1), fa, level(b, FIELD_1), fb, y, at + WIDTH);
            add(level(a, FIELD_2), fa, level(b, FIELD_2), fb, y, at + 2 * WIDTH);
            add(level(a, FIELD_3), fa, level(b, FIELD_3), fb, y, at + 3 * WIDTH);
            a = secondHalf(a);
            b = secondHalf(b);
            at += HALF * WIDTH;
        }
    }

    private static void add(FloatVector a, FloatVector fa, FloatVector b, FloatVector fb, float[] y, int yo) {
        fma(b, fb, fma(a, fa, load(y, yo))).intoArray(y, yo);
    }
}
