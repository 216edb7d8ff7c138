package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Loops over signed 8-bit integers, which are levels themselves, in the order of the columns. */
record ByteKernel() implements GroupKernel {

    private static final int GROUP = 64;

    /** Bytes for each lane; the smallest vector holds those of two narrow ones. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 4)));

    /** Levels of one load. */
    private static final int STEP = BYTES.length();

    @Override
    public int arranged(int columns) {
        return Math.ceilDiv(columns, GROUP) * GROUP;
    }

    @Override
    public int place(int column) {
        return column;
    }

    private static ByteVector bytes(MemorySegment weights, long offset) {
        return ByteVector.fromMemorySegment(BYTES, weights, offset, ByteOrder.LITTLE_ENDIAN);
    }

    private static FloatVector levels(ByteVector bytes, int part) {
        IntVector integers = (IntVector) bytes.convertShape(VectorOperators.B2I, VectorUnit.INTS, part);
        return (FloatVector) integers.convertShape(VectorOperators.I2F, FLOATS, 0);
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
        FloatVector sum = FloatVector.zero(FLOATS);
        FloatVector secondSum = sum;
        for (int g = 0; g < groups; g++) {
            FloatVector a = FloatVector.zero(FLOATS);
            FloatVector b = a;
            for (int i = g * GROUP; i < (g + 1) * GROUP; i += STEP) {
                ByteVector p = bytes(weights, row + i);
                ByteVector q = bytes(weights, secondRow + i);
                FloatVector y = load(x, xo + i);
                a = fma(levels(p, 0), y, a);
                b = fma(levels(q, 0), y, b);
                if (STEP > WIDTH) {
                    y = load(x, xo + i + WIDTH);
                    a = fma(levels(p, 1), y, a);
                    b = fma(levels(q, 1), y, b);
                }
            }
            sum = fma(a, FloatVector.broadcast(FLOATS, factors[fo + g]), sum);
            secondSum = fma(b, FloatVector.broadcast(FLOATS, factors[secondFo + g]), secondSum);
        }
        sum.intoArray(sums, so);
        secondSum.intoArray(sums, so + WIDTH);
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
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int g = 0; g < groups; g++) {
            FloatVector a = FloatVector.zero(FLOATS);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (int i = 0; i < GROUP; i += STEP) {
                ByteVector bytes = bytes(weights, row + (long) g * GROUP + i);
                FloatVector level = levels(bytes, 0);
                int at = g * GROUP + i;
                a = fma(level, load(x, x0 + at), a);
                b = fma(level, load(x, x1 + at), b);
                c = fma(level, load(x, x2 + at), c);
                d = fma(level, load(x, x3 + at), d);
                if (STEP > WIDTH) {
                    level = levels(bytes, 1);
                    at += WIDTH;
                    a = fma(level, load(x, x0 + at), a);
                    b = fma(level, load(x, x1 + at), b);
                    c = fma(level, load(x, x2 + at), c);
                    d = fma(level, load(x, x3 + at), d);
                }
            }
            FloatVector f = FloatVector.broadcast(FLOATS, factors[fo + g]);
            s0 = fma(a, f, s0);
            s1 = fma(b, f, s1);
            s2 = fma(c, f, s2);
            s3 = fma(d, f, s3);
        }
        s0.intoArray(sums, so);
        s1.intoArray(sums, so + WIDTH);
        s2.intoArray(sums, so + 2 * WIDTH);
        s3.intoArray(sums, so + 3 * WIDTH);
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
            FloatVector fa = FloatVector.broadcast(FLOATS, factors[fo + g]);
            FloatVector fb = FloatVector.broadcast(FLOATS, factors[secondFo + g]);
            for (int i = g * GROUP; i < (g + 1) * GROUP; i += STEP) {
                ByteVector a = bytes(weights, row + i);
                ByteVector b = bytes(weights, secondRow + i);
                add(levels(a, 0), fa, levels(b, 0), fb, y, yo + i);
                if (STEP > WIDTH) {
                    add(levels(a, 1), fa, levels(b, 1), fb, y, yo + i + WIDTH);
                }
            }
        }
    }

    private static void add(FloatVector a, FloatVector fa, FloatVector b, FloatVector fb, float[] y, int yo) {
        fma(b, fb, fma(a, fa, load(y, yo))).intoArray(y, yo);
    }
}
