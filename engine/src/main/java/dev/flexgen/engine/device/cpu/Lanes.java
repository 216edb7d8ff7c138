package dev.flexgen.engine.device.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Inner loops over float arrays. Bounds are the caller's business. */
final class Lanes {

    static final VectorSpecies<Float> FLOATS = VectorUnit.FLOATS;
    static final int WIDTH = FLOATS.length();

    private static final VectorSpecies<Integer> INTS = VectorUnit.INTS;
    private static final float LOG2_E = 1.442695f;
    /** ln 2 in two parts, the first short enough that a whole multiple of it is exact. */
    private static final float LN2_HIGH = 0x1.63p-1f;

    private static final float LN2_LOW = -0x1.bd0106p-13f;
    private static final float SMALLEST_EXPONENT = -87;
    private static final VectorShuffle<Float> DOWN_BY_8 = down(8);
    private static final VectorShuffle<Float> DOWN_BY_4 = down(4);
    private static final VectorShuffle<Float> DOWN_BY_2 = down(2);
    private static final VectorShuffle<Float> DOWN_BY_1 = down(1);

    private Lanes() {}

    /** {@code a[ao..] . b[bo..]} over {@code count} numbers. Four sums hide the latency of the multiply-add. */
    static float dot(float[] a, int ao, float[] b, int bo, int count) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= count - 4 * WIDTH; i += 4 * WIDTH) {
            s0 = fma(load(a, ao + i), load(b, bo + i), s0);
            s1 = fma(load(a, ao + i + WIDTH), load(b, bo + i + WIDTH), s1);
            s2 = fma(load(a, ao + i + 2 * WIDTH), load(b, bo + i + 2 * WIDTH), s2);
            s3 = fma(load(a, ao + i + 3 * WIDTH), load(b, bo + i + 3 * WIDTH), s3);
        }
        for (; i <= count - WIDTH; i += WIDTH) {
            s0 = fma(load(a, ao + i), load(b, bo + i), s0);
        }
        float sum = total(s0.add(s1).add(s2.add(s3)));
        for (; i < count; i++) {
            sum = fma(a[ao + i], b[bo + i], sum);
        }
        return sum;
    }

    /** {@code y[yo..] += factor * x[xo..]}. */
    static void addScaled(float factor, float[] x, int xo, float[] y, int yo, int count) {
        int i = 0;
        for (; i <= count - WIDTH; i += WIDTH) {
            fma(load(x, xo + i), FloatVector.broadcast(FLOATS, factor), load(y, yo + i))
                    .intoArray(y, yo + i);
        }
        for (; i < count; i++) {
            y[yo + i] = fma(x[xo + i], factor, y[yo + i]);
        }
    }

    static void scale(float[] x, int xo, float factor, int count) {
        int i = 0;
        for (; i <= count - WIDTH; i += WIDTH) {
            load(x, xo + i).mul(factor).intoArray(x, xo + i);
        }
        for (; i < count; i++) {
            x[xo + i] *= factor;
        }
    }

    static void add(float[] x, float addend, int count) {
        int i = 0;
        for (; i <= count - WIDTH; i += WIDTH) {
            load(x, i).add(addend).intoArray(x, i);
        }
        for (; i < count; i++) {
            x[i] += addend;
        }
    }

    static void multiply(float[] x, float[] factors, int count) {
        int i = 0;
        for (; i <= count - WIDTH; i += WIDTH) {
            load(x, i).mul(load(factors, i)).intoArray(x, i);
        }
        for (; i < count; i++) {
            x[i] *= factors[i];
        }
    }

    static void relu(float[] x, int count) {
        for (int i = 0; i < count; i++) {
            x[i] = Math.max(x[i], 0);
        }
    }

    static float sum(float[] x, int count) {
        FloatVector sums = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i <= count - WIDTH; i += WIDTH) {
            sums = sums.add(load(x, i));
        }
        float sum = total(sums);
        for (; i < count; i++) {
            sum += x[i];
        }
        return sum;
    }

    static float max(float[] x, int xo, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, x[xo + i]);
        }
        return max;
    }

    /** Replaces {@code x} by {@code exp(x - max)} and returns the sum. */
    static float exponentials(float[] x, int xo, float max, int count) {
        FloatVector sums = FloatVector.zero(FLOATS);
        for (int i = 0; i < count; i += WIDTH) {
            VectorMask<Float> mask = FLOATS.indexInRange(i, count);
            FloatVector e = exp(FloatVector.fromArray(FLOATS, x, xo + i, mask).sub(max));
            e.intoArray(x, xo + i, mask);
            sums = sums.add(e, mask);
        }
        return total(sums);
    }

    /**
     * {@code e^x} for {@code x <= 0} to about 2 units in the last place: {@code 2^n e^r} with {@code |r| <= ln 2 / 2} and a
     * polynomial of degree 6 for {@code e^r}. Arguments below -87 give {@code e^-87}, a number that no sum of weights feels.
     */
    static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(SMALLEST_EXPONENT);
        // Adding and subtracting 1.5 * 2^23 rounds to the nearest whole number.
        FloatVector n = clamped.mul(LOG2_E).add(0x1.8p23f).sub(0x1.8p23f);
        FloatVector r = clamped.sub(n.mul(LN2_HIGH)).sub(n.mul(LN2_LOW));
        FloatVector p = FloatVector.broadcast(FLOATS, 1 / 720f);
        p = p.mul(r).add(1 / 120f);
        p = p.mul(r).add(1 / 24f);
        p = p.mul(r).add(1 / 6f);
        p = p.mul(r).add(0.5f);
        p = p.mul(r).add(1f);
        p = p.mul(r).add(1f);
        IntVector power = ((IntVector) n.convertShape(VectorOperators.F2I, INTS, 0)).lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(power).reinterpretAsFloats();
    }

    /**
     * The sum of all lanes: the upper half is added to the lower until one lane is left. {@code reduceLanes} may add in any
     * order, and does: Java's interpreter from the first lane to the last, its compiler by halves. So a result would depend on
     * when a method happens to be compiled.
     */
    static float total(FloatVector vector) {
        FloatVector sums = vector;
        sums = WIDTH > 8 ? sums.add(sums.rearrange(DOWN_BY_8)) : sums;
        sums = WIDTH > 4 ? sums.add(sums.rearrange(DOWN_BY_4)) : sums;
        sums = WIDTH > 2 ? sums.add(sums.rearrange(DOWN_BY_2)) : sums;
        return sums.add(sums.rearrange(DOWN_BY_1)).lane(0);
    }

    /** Brings lane {@code by} to lane 0. Made once: a slice makes its own, which is slow before it is compiled. */
    private static VectorShuffle<Float> down(int by) {
        return VectorShuffle.fromOp(FLOATS, lane -> (lane + by) % WIDTH);
    }

    /** {@code a * b + c}, rounded once where the processor can do that; Java would imitate it at a thousandth of the speed. */
    static FloatVector fma(FloatVector a, FloatVector b, FloatVector c) {
        return VectorUnit.FMA ? a.fma(b, c) : a.mul(b).add(c);
    }

    static float fma(float a, float b, float c) {
        return VectorUnit.FMA ? Math.fma(a, b, c) : a * b + c;
    }

    static FloatVector load(float[] array, int offset) {
        return FloatVector.fromArray(FLOATS, array, offset);
    }
}
