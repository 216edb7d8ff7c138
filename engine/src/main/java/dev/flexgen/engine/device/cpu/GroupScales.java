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

    private static final ByteOrder LITTLE_ENDIAN = ByteOrder.LITTLE_ENDIAN;

    private static final IntVector SIGN_AND_DIGITS = IntVector.broadcast(VectorUnit.INTS, 0x8fffe000);
    private static final FloatVector EXPONENT = FloatVector.broadcast(FLOATS, 0x1p112f);

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
    private final Arrangements arrangements = new Arrangements();

    /** The order of rows of so many columns. */
    Arrangement arrangement(GroupKernel kernel, int columns) {
        return arrangements.of(kernel, columns);
    }

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
        if (encoding.offset() != null) {
            pairs(weights, from, groups, input, at(row));
        } else {
            scales(weights, from, groups, input, at(row));
        }
    }

    // Loops of their own, with constants as vectors: the compiler inlines only so much into one method, and a vector
    // that
    // passes through a call becomes an object.

    /** Scales and offsets by turns. */
    private void pairs(MemorySegment weights, long from, int groups, float input, int at) {
        FloatVector inputs = FloatVector.broadcast(FLOATS, input);
        int g = 0;
        for (; g <= groups - WIDTH; g += WIDTH) {
            IntVector pairs = IntVector.fromMemorySegment(VectorUnit.INTS, weights, from + 4L * g, LITTLE_ENDIAN);
            upperHalves(pairs).mul(inputs).intoArray(bases, at + g);
            upperHalves(pairs.lanewise(VectorOperators.LSHL, 16)).mul(inputs).intoArray(factors, at + g);
        }
        for (; g < groups; g++) {
            factors[at + g] = half(weights, from + 4L * g) * input;
            bases[at + g] = half(weights, from + 4L * g + 2) * input;
        }
        end(at + groups);
    }

    /** Scales alone; bases are zero. */
    private void scales(MemorySegment weights, long from, int groups, float input, int at) {
        FloatVector inputs = FloatVector.broadcast(FLOATS, input);
        int g = 0;
        for (; g <= groups - WIDTH; g += WIDTH) {
            Vector<Short> scales =
                    ShortVector.fromMemorySegment(VectorUnit.SHORTS, weights, from + 2L * g, LITTLE_ENDIAN);
            IntVector lanes = (IntVector) scales.convertShape(VectorOperators.S2I, VectorUnit.INTS, 0);
            upperHalves(lanes.lanewise(VectorOperators.LSHL, 16)).mul(inputs).intoArray(factors, at + g);
        }
        for (; g < groups; g++) {
            factors[at + g] = half(weights, from + 2L * g) * input;
        }
        Arrays.fill(bases, at, at + groups, 0);
        end(at + groups);
    }

    /** Zeros as far as vectors reach. */
    private void end(int at) {
        Arrays.fill(factors, at, at + WIDTH, 0);
        Arrays.fill(bases, at, at + WIDTH, 0);
    }

    /** The 16-bit float in the upper half of each lane; see {@link Convert} for how. */
    private static FloatVector upperHalves(IntVector lanes) {
        return lanes.lanewise(VectorOperators.ASHR, 3)
                .and(SIGN_AND_DIGITS)
                .reinterpretAsFloats()
                .mul(EXPONENT);
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
