package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Activations of the form {@code x / (1 + e^-z)}: SiLU, where z is x, and the approximated GELU, where z is a cubic of it. */
final class Sigmoid {

    /** {@code 2 sqrt(2/pi)}. */
    private static final float LINEAR = 1.595769f;

    private static final float CUBIC = LINEAR * 0.044715f;

    private Sigmoid() {}

    /** {@code x / (1 + e^-x)}. */
    static void silu(float[] x, int count) {
        for (int i = 0; i < count; i += FLOATS.length()) {
            VectorMask<Float> mask = FLOATS.indexInRange(i, count);
            FloatVector v = FloatVector.fromArray(FLOATS, x, i, mask);
            times(v, v).intoArray(x, i, mask);
        }
    }

    /** {@code x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}, since {@code (1 + tanh z) / 2 = 1 / (1 + e^-2z)}. */
    static void geluTanh(float[] x, int count) {
        for (int i = 0; i < count; i += FLOATS.length()) {
            VectorMask<Float> mask = FLOATS.indexInRange(i, count);
            FloatVector v = FloatVector.fromArray(FLOATS, x, i, mask);
            FloatVector z = v.mul(v).mul(CUBIC).add(LINEAR).mul(v);
            times(v, z).intoArray(x, i, mask);
        }
    }

    /** {@code x / (1 + e^-z)}, by the exponential of a number that is not positive. */
    private static FloatVector times(FloatVector x, FloatVector z) {
        FloatVector e = Lanes.exp(z.abs().neg());
        FloatVector factor = FloatVector.broadcast(FLOATS, 1).blend(e, z.compare(VectorOperators.LT, 0));
        return x.mul(factor).div(e.add(1));
    }
}
