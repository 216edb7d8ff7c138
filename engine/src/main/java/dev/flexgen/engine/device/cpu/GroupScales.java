package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.fma;

import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Factors and bases of the groups of one row at a time: its scales and offsets, times an input. A thread's own.
 *
 * @see GroupKernel
 */
final class GroupScales {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Numbers by which arranged rows may be longer than their groups. */
    static final int SPARE = 128;

    private float[] levels = new float[0];
    private float[] zeros = new float[0];
    private int groups;
    private float[] factors = new float[0];
    private float[] bases = new float[0];

    /** Of the row that was read last, for each group, then zeros. */
    float[] factors() {
        return factors;
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

    /** Factors that add nothing. */
    float[] zeros(int groups) {
        if (zeros.length < padded(groups)) {
            zeros = new float[padded(groups)];
        }
        return zeros;
    }

    /** As many numbers as vectors of groups take. */
    static int padded(int groups) {
        return Math.ceilDiv(groups, WIDTH) * WIDTH + WIDTH;
    }

    /**
     * Reads a row's.
     *
     * @param at of its first scale in {@code weights}, in bytes
     * @param input multiplies all
     */
    void read(Grouped encoding, MemorySegment weights, long at, int groups, float input) {
        if (groups != this.groups) {
            this.groups = groups;
            factors = new float[padded(groups)];
            bases = new float[padded(groups)];
        }
        int g = 0;
        if (encoding.offset() != null) {
            for (; g <= groups - WIDTH; g += WIDTH) {
                pairs(weights, at + 4L * g, input, g);
            }
        }
        for (; g < groups; g++) {
            long own = at + (long) g * encoding.scaleBytes();
            factors[g] = half(weights, own) * input;
            bases[g] = encoding.offset() == null ? 0 : half(weights, own + 2) * input;
        }
    }

    /** Scales and offsets by turns, as many as there are lanes. */
    private void pairs(MemorySegment weights, long at, float input, int g) {
        IntVector pairs = IntVector.fromMemorySegment(VectorUnit.INTS, weights, at, ByteOrder.LITTLE_ENDIAN);
        halves(pairs.lanewise(VectorOperators.LSHL, 16)).mul(input).intoArray(factors, g);
        halves(pairs).mul(input).intoArray(bases, g);
    }

    /** The upper half of each lane; see {@link Convert} for how. */
    private static FloatVector halves(IntVector lanes) {
        return lanes.lanewise(VectorOperators.ASHR, 16)
                .lanewise(VectorOperators.LSHL, 13)
                .and(0x8fffffff)
                .reinterpretAsFloats()
                .mul(0x1p112f);
    }

    private static float half(MemorySegment weights, long at) {
        return Float.float16ToFloat(weights.get(SHORT, at));
    }

    /** {@code bases . sums}: what a dot product owes to the groups' bases. */
    float baseDot(float[] sums, int at, int groups) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int g = 0; g < groups; g += WIDTH) {
            sum = fma(FloatVector.fromArray(FLOATS, bases, g), FloatVector.fromArray(FLOATS, sums, at + g), sum);
        }
        return Lanes.total(sum);
    }

    /** Adds the bases to {@code sums}. */
    void addBases(float[] sums, int at, int groups) {
        for (int g = 0; g < groups; g += WIDTH) {
            FloatVector.fromArray(FLOATS, sums, at + g)
                    .add(FloatVector.fromArray(FLOATS, bases, g))
                    .intoArray(sums, at + g);
        }
    }
}
