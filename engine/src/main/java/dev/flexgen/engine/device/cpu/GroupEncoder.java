package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.quant.LeastSquaresQuantizer.LEAST_SCALE;
import static dev.flexgen.engine.quant.LeastSquaresQuantizer.ROUND;

import dev.flexgen.engine.quant.Encoding.Grouped;
import dev.flexgen.engine.quant.LeastSquaresQuantizer;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Encodes rows in groups, as {@link LeastSquaresQuantizer} chooses them, bit for bit. A vector's lanes hold one number of as many
 * groups, so nothing is added across lanes and no result depends on the vectors' width. Owned by one thread.
 */
public final class GroupEncoder {

    /** Half of what F16 can hold: the difference of two numbers must fit the scale's type as well. */
    public static final float MOST = 32752;

    private static final VectorSpecies<Float> FLOATS = VectorUnit.FLOATS;
    private static final VectorSpecies<Integer> INTS = VectorUnit.INTS;
    private static final int WIDTH = FLOATS.length();
    private static final float LEAST_NORMAL_HALF = 0x1p-14f;

    private final Grouped encoding;
    private final GroupWriter writer;
    private final int groupSize;
    private final float top;
    private final int lowest;
    private final int highest;
    private final boolean hasOffset;
    private final float[] numbers; // [number of a group, lane]
    private final int[] integers; // [number of a group, lane]

    // The best so far of each lane, and its error. Arrays: vectors in fields would be objects on the heap.
    private final float[] scales = new float[WIDTH];
    private final float[] offsets = new float[WIDTH];
    private final float[] errors = new float[WIDTH];

    public GroupEncoder(Grouped encoding) {
        this.encoding = encoding;
        this.writer = new GroupWriter(encoding, WIDTH);
        this.groupSize = encoding.groupSize();
        this.top = LeastSquaresQuantizer.top(encoding);
        this.lowest = Float.floatToIntBits(ROUND + LeastSquaresQuantizer.bottom(encoding));
        this.highest = Float.floatToIntBits(ROUND + top);
        this.hasOffset = encoding.offset() != null;
        this.numbers = new float[groupSize * WIDTH];
        this.integers = new int[groupSize * WIDTH];
    }

    /**
     * Writes one row.
     *
     * @param at index of the first number
     * @param row as many bytes as the encoding takes for {@code columns}
     * @return index in {@code source} of the first number that is beyond {@link #MOST} or none at all; -1 if the row is written
     */
    public int encode(float[] source, int at, int columns, MemorySegment row) {
        row.asSlice(encoding.scalesAt(columns)).fill((byte) 0);
        int full = columns / groupSize;
        for (int group = 0; group < full; group += WIDTH) {
            int groups = Math.min(WIDTH, full - group);
            if (!encodeGroups(source, at + group * groupSize, groups, groupSize)) {
                return firstBad(source, at, columns);
            }
            writer.write(integers, scales, offsets, group, groups, row, columns);
        }
        int rest = columns - full * groupSize;
        if (rest > 0) {
            if (!encodeGroups(source, at + full * groupSize, 1, rest)) {
                return firstBad(source, at, columns);
            }
            Arrays.fill(integers, rest * WIDTH, integers.length, 0);
            writer.write(integers, scales, offsets, full, 1, row, columns);
        }
        return -1;
    }

    private static int firstBad(float[] source, int at, int columns) {
        for (int i = at; i < at + columns; i++) {
            if (!(Math.abs(source[i]) <= MOST)) {
                return i;
            }
        }
        throw new IllegalStateException("no number is out of range");
    }

    /** @return whether all numbers are in range */
    private boolean encodeGroups(float[] source, int at, int groups, int count) {
        if (groups < WIDTH) {
            Arrays.fill(numbers, 0);
        }
        for (int lane = 0; lane < groups; lane++) {
            int from = at + lane * groupSize;
            for (int i = 0; i < count; i++) {
                numbers[i * WIDTH + lane] = source[from + i];
            }
        }
        FloatVector least = FloatVector.broadcast(FLOATS, Float.POSITIVE_INFINITY);
        FloatVector most = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < count; i++) {
            FloatVector x = FloatVector.fromArray(FLOATS, numbers, i * WIDTH);
            least = least.min(x);
            most = most.max(x);
        }
        // Not-a-numbers stay in both and fail both comparisons.
        if (!least.compare(VectorOperators.GE, -MOST)
                .and(most.compare(VectorOperators.LE, MOST))
                .allTrue()) {
            return false;
        }
        search(least, most, count);
        fit(count);
        assign(count);
        return true;
    }

    private void search(FloatVector least, FloatVector most, int count) {
        FloatVector reach = least.abs().max(most.abs());
        FloatVector offset = hasOffset ? half(least) : FloatVector.zero(FLOATS);
        FloatVector scale = half((hasOffset ? most.sub(offset) : reach).div(top));
        scale.intoArray(scales, 0);
        offset.intoArray(offsets, 0);
        error(scale, offset, count).intoArray(errors, 0);
        FloatVector range = most.sub(least);
        for (int i = 0; i < LeastSquaresQuantizer.candidates(encoding); i++) {
            float lower = LeastSquaresQuantizer.lower(encoding, i);
            if (hasOffset) {
                FloatVector from = least.add(range.mul(lower));
                FloatVector to = most.sub(range.mul(LeastSquaresQuantizer.upper(encoding, i)));
                keepBetter(half(to.sub(from).div(top)).max(LEAST_SCALE), half(from), count);
            } else {
                keepBetter(half(reach.mul(lower).div(top)).max(LEAST_SCALE), offset, count);
            }
        }
    }

    private void fit(int count) {
        FloatVector s = FloatVector.fromArray(FLOATS, scales, 0);
        FloatVector o = FloatVector.fromArray(FLOATS, offsets, 0);
        for (int fit = 0; fit < LeastSquaresQuantizer.FITS; fit++) {
            FloatVector inverse = inverse(s);
            FloatVector sum = FloatVector.zero(FLOATS);
            FloatVector squares = sum;
            FloatVector rests = sum;
            FloatVector products = sum;
            for (int i = 0; i < count; i++) {
                FloatVector x = FloatVector.fromArray(FLOATS, numbers, i * WIDTH);
                FloatVector integer = nearest(x, o, inverse);
                FloatVector rest = x.sub(o).sub(integer.mul(s));
                sum = sum.add(integer);
                squares = squares.add(integer.mul(integer));
                rests = rests.add(rest);
                products = products.add(rest.mul(integer));
            }
            if (hasOffset) {
                FloatVector spread = squares.mul(count).sub(sum.mul(sum)).max(1);
                FloatVector more = products.mul(count).sub(rests.mul(sum)).div(spread);
                o = half(o.add(rests.sub(more.mul(sum)).div(count)));
                s = half(s.add(more));
            } else {
                s = half(s.add(products.div(squares.max(1))));
            }
            keepBetter(s, o, count);
        }
    }

    private void keepBetter(FloatVector s, FloatVector o, int count) {
        FloatVector e = error(s, o, count);
        VectorMask<Float> better = e.compare(VectorOperators.LT, FloatVector.fromArray(FLOATS, errors, 0));
        s.intoArray(scales, 0, better);
        o.intoArray(offsets, 0, better);
        e.intoArray(errors, 0, better);
    }

    private FloatVector error(FloatVector s, FloatVector o, int count) {
        FloatVector inverse = inverse(s);
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i++) {
            FloatVector x = FloatVector.fromArray(FLOATS, numbers, i * WIDTH);
            FloatVector rest = x.sub(o).sub(nearest(x, o, inverse).mul(s));
            sum = sum.add(rest.mul(rest));
        }
        return sum;
    }

    /** Clamped as bits of floats, which are ordered as integers are: limits for floats mind zeros and not-a-numbers, and take longer. */
    private FloatVector nearest(FloatVector x, FloatVector o, FloatVector inverse) {
        return x.sub(o)
                .mul(inverse)
                .add(ROUND)
                .reinterpretAsInts()
                .min(highest)
                .max(lowest)
                .reinterpretAsFloats()
                .sub(ROUND);
    }

    private void assign(int count) {
        FloatVector inverse = inverse(FloatVector.fromArray(FLOATS, scales, 0));
        FloatVector offset = FloatVector.fromArray(FLOATS, offsets, 0);
        for (int i = 0; i < count; i++) {
            FloatVector x = FloatVector.fromArray(FLOATS, numbers, i * WIDTH);
            ((IntVector) nearest(x, offset, inverse).convertShape(VectorOperators.F2I, INTS, 0))
                    .intoArray(integers, i * WIDTH);
        }
    }

    private static FloatVector inverse(FloatVector s) {
        VectorMask<Float> zero = s.compare(VectorOperators.EQ, 0);
        return FloatVector.broadcast(FLOATS, 1).div(s).blend(0, zero);
    }

    /** Rounded to F16, in range. */
    private static FloatVector half(FloatVector x) {
        IntVector bits = x.viewAsIntegralLanes().reinterpretAsInts();
        IntVector odd = bits.lanewise(VectorOperators.LSHR, 13).and(1);
        FloatVector normal = bits.add(0xfff).add(odd).and(~0x1fff).reinterpretAsFloats();
        FloatVector subnormal = x.add(0.75f).sub(0.75f); // steps of 2^-24
        return normal.blend(subnormal, x.abs().compare(VectorOperators.LT, LEAST_NORMAL_HALF));
    }
}
