package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over 3-bit integers: the three bytes of a word come from three places, 8 words at a time, so vectors of at most 8 lanes are
 * used; then as {@link NibbleKernel}.
 */
record TripletKernel() implements GroupKernel {

    private static final int GROUP = 64;
    private static final int GROUP_BYTES = 24;
    private static final int WORDS = 8;
    private static final int FIELDS = 8;

    private static final VectorSpecies<Float> EIGHT =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Math.min(256, FLOATS.vectorBitSize())));
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, EIGHT.vectorShape());
    private static final int WIDTH = EIGHT.length();
    private static final int FIELD = 7;
    private static final int HALF = FIELDS / 2;

    @Override
    public int arranged(int columns) {
        return Math.ceilDiv(columns, GROUP) * GROUP;
    }

    /** Columns of a group are fields of neighbouring words, word by word: as they are. */
    @Override
    public int place(int column) {
        return column;
    }

    /** The words of {@code WIDTH} lanes from word {@code part * WIDTH} on. */
    private static IntVector words(MemorySegment weights, long at, int part) {
        IntVector low = plane(weights, at, part);
        IntVector middle = plane(weights, at + WORDS, part).lanewise(VectorOperators.LSHL, 8);
        IntVector high = plane(weights, at + 2 * WORDS, part).lanewise(VectorOperators.LSHL, 16);
        return low.or(middle).or(high);
    }

    private static IntVector plane(MemorySegment weights, long at, int part) {
        ByteVector bytes = ByteVector.fromMemorySegment(ByteVector.SPECIES_64, weights, at, ByteOrder.LITTLE_ENDIAN);
        return (IntVector) bytes.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, part);
    }

    /** The integers at the lowest bits. */
    private static FloatVector level(IntVector words) {
        return (FloatVector) words.and(FIELD).convertShape(VectorOperators.I2F, EIGHT, 0);
    }

    private static IntVector next(IntVector words) {
        return words.lanewise(VectorOperators.LSHR, 3);
    }

    private static IntVector secondHalf(IntVector words) {
        return words.lanewise(VectorOperators.LSHR, 3 * HALF);
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(EIGHT, x, at);
    }

    private static FloatVector fma(FloatVector a, FloatVector b, FloatVector c) {
        return VectorUnit.FMA ? a.fma(b, c) : a.mul(b).add(c);
    }

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
        dot(weights, row, groups, factors, fo, x, xo, sums, so);
        dot(weights, secondRow, groups, factors, secondFo, x, xo, sums, so + Lanes.WIDTH);
    }

    private static void dot(
            MemorySegment weights,
            long row,
            int groups,
            float[] factors,
            int fo,
            float[] x,
            int xo,
            float[] sums,
            int so) {
        FloatVector sum = FloatVector.zero(EIGHT);
        for (int g = 0; g < groups; g++) {
            FloatVector f = FloatVector.broadcast(EIGHT, factors[fo + g]);
            for (int part = 0; part < WORDS / WIDTH; part++) {
                long at = row + (long) g * GROUP_BYTES;
                IntVector p = part == 0 ? words(weights, at, 0) : words(weights, at, 1);
                FloatVector p0 = FloatVector.zero(EIGHT);
                FloatVector p1 = p0;
                int from = xo + g * GROUP + part * WIDTH;
                for (int k = 0; k < HALF; k++) {
                    p0 = fma(level(p), load(x, from), p0);
                    p1 = fma(level(secondHalf(p)), load(x, from + HALF * WORDS), p1);
                    p = next(p);
                    from += WORDS;
                }
                sum = fma(p0.add(p1), f, sum);
            }
        }
        Arrays.fill(sums, so, so + Lanes.WIDTH, 0);
        sum.intoArray(sums, so);
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
        for (int t = 0; t < TOKENS; t++) {
            dot(weights, row, groups, factors, fo, x, places[first + t], sums, so + t * Lanes.WIDTH);
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
        for (int g = 0; g < groups; g++) {
            for (int part = 0; part < WORDS / WIDTH; part++) {
                IntVector a = part == 0
                        ? words(weights, row + (long) g * GROUP_BYTES, 0)
                        : words(weights, row + (long) g * GROUP_BYTES, 1);
                IntVector b = part == 0
                        ? words(weights, secondRow + (long) g * GROUP_BYTES, 0)
                        : words(weights, secondRow + (long) g * GROUP_BYTES, 1);
                FloatVector fa = FloatVector.broadcast(EIGHT, factors[fo + g]);
                FloatVector fb = FloatVector.broadcast(EIGHT, factors[secondFo + g]);
                int at = yo + g * GROUP + part * WIDTH;
                for (int k = 0; k < FIELDS; k++) {
                    fma(level(b), fb, fma(level(a), fa, load(y, at))).intoArray(y, at);
                    a = next(a);
                    b = next(b);
                    at += WORDS;
                }
            }
        }
    }
}
