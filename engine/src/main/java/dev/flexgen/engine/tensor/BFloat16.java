package dev.flexgen.engine.tensor;

/** Conversion between singles and {@link DType#BF16}, their upper halves. */
public final class BFloat16 {

    private BFloat16() {}

    /** Rounds to nearest, ties to even; not-a-numbers stay not-a-numbers. */
    public static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    public static float toFloat(short value) {
        return Float.intBitsToFloat(value << 16);
    }
}
