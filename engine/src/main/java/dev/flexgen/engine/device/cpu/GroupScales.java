package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;
import static dev.flexgen.engine.device.cpu.Lanes.load;

import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;

/**
 * Factors and bases of the groups of some rows: their scales and offsets, times an input. A thread's own.
 *
 * @see GroupKernel
 */
final class GroupScales {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private int stride;
    private float[] factors = new float[0];
    private float[] bases = new float[0];

    /** Makes room for some rows. */
    void begin(int rows, int groups) {
        stride = padded(groups);
        if (factors.length < rows * stride) {
            factors = new float[rows * stride];
            bases = new float[rows * stride];
        }
    }

    /** Numbers by which arranged rows may be longer than their groups. */
    static final int SPARE = 128;

    private float[] levels = new float[0];

    float[] bases() {
        return bases;
    }

    /** Working memory. */
    float[] levels(int length) {
        if (levels.length < length) {
            levels = new float[length];
        }
        return levels;
    }

    /** Makes a row add nothing. */
    void clear(int row) {
        Arrays.fill(factors, at(row), at(row) + stride, 0);
        Arrays.fill(bases, at(row), at(row) + stride, 0);
    }

    /** Of all rows; those of a row are followed by numbers that mean nothing. */
    float[] factors() {
        return factors;
    }

    /** Where in {@link #factors} those of a row begin. */
    int at(int row) {
        return row * stride;
    }

    /** As many numbers as vectors of groups take. */
    static int padded(int groups) {
        return Math.ceilDiv(groups, WIDTH) * WIDTH + WIDTH;
    }

    /**
     * Reads those of row {@code row} of this.
     *
     * @param from of the row's first scale in {@code weights}, in bytes
     * @param input multiplies all
     */
    void read(int row, Grouped encoding, MemorySegment weights, long from, int groups, float input) {
        boolean offsets = encoding.offset() != null;
        int at = at(row);
        int g = 0;
        for (; g <= groups - WIDTH; g += WIDTH) {
            if (offsets) {
                pairs(weights, from + 4L * g, input, at + g);
            } else {
                scales(weights, from + 2L * g, input, at + g);
            }
        }
        for (; g < groups; g++) {
            long own = from + (long) g * encoding.scaleBytes();
            factors[at + g] = half(weights, own) * input;
            bases[at + g] = offsets ? half(weights, own + 2) * input : 0;
        }
        FloatVector.zero(FLOATS).intoArray(factors, at + groups);
        FloatVector.zero(FLOATS).intoArray(bases, at + groups);
    }

    /** Scales and offsets by turns, as many as there are lanes. */
    private void pairs(MemorySegment weights, long at, float input, int g) {
        IntVector pairs = IntVector.fromMemorySegment(VectorUnit.INTS, weights, at, ByteOrder.LITTLE_ENDIAN);
        halves(pairs.lanewise(VectorOperators.LSHL, 16)).mul(input).intoArray(factors, g);
        halves(pairs).mul(input).intoArray(bases, g);
    }

    /** Scales alone; bases stay zero. */
    private void scales(MemorySegment weights, long at, float input, int g) {
        Vector<Short> scales = ShortVector.fromMemorySegment(VectorUnit.SHORTS, weights, at, ByteOrder.LITTLE_ENDIAN);
        IntVector lanes = (IntVector) scales.convertShape(VectorOperators.S2I, VectorUnit.INTS, 0);
        floats(lanes).mul(input).intoArray(factors, g);
        FloatVector.zero(FLOATS).intoArray(bases, g);
    }

    /** The upper half of each lane; see {@link Convert} for how. */
    private static FloatVector halves(IntVector lanes) {
        return floats(lanes.lanewise(VectorOperators.ASHR, 16));
    }

    private static FloatVector floats(IntVector halves) {
        return halves.lanewise(VectorOperators.LSHL, 13)
                .and(0x8fffffff)
                .reinterpretAsFloats()
                .mul(0x1p112f);
    }

    private static float half(MemorySegment weights, long at) {
        return Float.float16ToFloat(weights.get(SHORT, at));
    }

    /**
     * Adds what a dot product owes to a row's bases, {@code bases . sums}, to its running sums.
     *
     * @param sums of the inputs of each group, from {@code so} on
     * @param lanes running sums, one for each lane, from {@code lo} on
     */
    void addBases(int row, int groups, float[] sums, int so, float[] lanes, int lo) {
        int at = at(row);
        FloatVector sum = load(lanes, lo);
        for (int g = 0; g < groups; g += WIDTH) {
            sum = fma(load(bases, at + g), load(sums, so + g), sum);
        }
        sum.intoArray(lanes, lo);
    }

    /** Adds a row's bases to {@code sums}. */
    void addBases(int row, float[] sums, int so, int groups) {
        int at = at(row);
        for (int g = 0; g < groups; g += WIDTH) {
            load(sums, so + g).add(load(bases, at + g)).intoArray(sums, so + g);
        }
    }
}
