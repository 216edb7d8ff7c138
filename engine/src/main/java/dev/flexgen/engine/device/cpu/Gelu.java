package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.fma;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * {@code x/2 (1 + erf(x / sqrt 2))}, to a few units in the last place for negative numbers too, where the two terms nearly cancel:
 * computed as {@code max(x, 0) - |x|/2 erfc(|x| / sqrt 2)}, with {@code erfc(z) = exp(-z^2) p(1 / (1 + 0.4 z))}. The polynomial
 * is a least-maximum fit of {@code exp(z^2) erfc(z)} for z up to 9.9, to 3e-8 of its value.
 */
final class Gelu {

    /** Beyond, the result is x or too small for a float. */
    private static final float LARGEST = 14;

    private static final float STEP = 0.2828427f; // 0.4 / sqrt 2

    private Gelu() {}

    static void apply(float[] x, int count) {
        for (int i = 0; i < count; i += FLOATS.length()) {
            VectorMask<Float> mask = FLOATS.indexInRange(i, count);
            of(FloatVector.fromArray(FLOATS, x, i, mask)).intoArray(x, i, mask);
        }
    }

    private static FloatVector of(FloatVector x) {
        FloatVector a = x.abs().min(LARGEST);
        FloatVector t = constant(1).div(fma(a, constant(STEP), constant(1)));
        FloatVector p = constant(0.028513806f);
        p = fma(p, t, constant(-0.07377818f));
        p = fma(p, t, constant(-0.065926194f));
        p = fma(p, t, constant(0.27871528f));
        p = fma(p, t, constant(-0.070949174f));
        p = fma(p, t, constant(0.2698876f));
        p = fma(p, t, constant(0.1769944f));
        p = fma(p, t, constant(0.23144338f));
        p = fma(p, t, constant(0.22507222f));
        p = fma(p, t, constant(0.000026925014f));
        // What rounding took from the square matters: the exponential makes a relative error of an absolute one.
        FloatVector square = a.mul(a);
        FloatVector rest = fma(a, a, square.neg()).mul(-0.5f);
        FloatVector e = Lanes.exp(square.mul(-0.5f));
        FloatVector complement = fma(e, rest, e).mul(p);
        return fma(a.mul(-0.5f), complement, x.max(0));
    }

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(FLOATS, value);
    }
}
