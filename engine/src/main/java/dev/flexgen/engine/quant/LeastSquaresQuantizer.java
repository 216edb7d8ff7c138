package dev.flexgen.engine.quant;

import dev.flexgen.engine.quant.Encoding.Grouped;

/**
 * Searches the scale and the offset with the least squared error: first among ranges that leave out some of the outermost numbers, then
 * by a few least-squares fits with the integers fixed. Never worse than {@link GroupQuantizer#MIN_MAX}. This is the reference, one
 * number at a time; the processor's encoder takes the same steps for many groups at once, and writes the same bits. For
 * that reason nothing is added in another order and no multiplication is fused with an addition. Stateless; any thread.
 */
public final class LeastSquaresQuantizer implements GroupQuantizer {

    /** The only one. */
    public static final LeastSquaresQuantizer INSTANCE = new LeastSquaresQuantizer();

    /** Parts of the range that are left out at either end. A finer or wider grid saves less than one per cent of the error more. */
    private static final float[] LEFT_OUT = {0, 0.03f, 0.06f, 0.09f};

    /** Shares of the largest number that signed integers reach to: their steps are so fine that only the last one is worth it. */
    private static final float[] SIGNED_REACH = {0.9985f, 0.997f, 0.9955f, 0.994f, 0.9925f, 0.991f};

    /** Least-squares fits behind the search. */
    public static final int FITS = 2;

    /** Adding and subtracting it rounds floats of up to 22 bits to whole numbers. */
    public static final float ROUND = 12582912;

    /** The smallest positive number of the scale's type. */
    public static final float LEAST_SCALE = 0x1p-24f;

    private LeastSquaresQuantizer() {}

    /** How many scales the search tries. */
    public static int candidates(Grouped encoding) {
        return encoding.offset() == null ? SIGNED_REACH.length : LEFT_OUT.length * LEFT_OUT.length;
    }

    /** Part of the range below candidate {@code i}'s; for signed integers how far it reaches. */
    public static float lower(Grouped encoding, int i) {
        return encoding.offset() == null ? SIGNED_REACH[i] : LEFT_OUT[i / LEFT_OUT.length];
    }

    /** Part of the range above candidate {@code i}'s. */
    public static float upper(Grouped encoding, int i) {
        return encoding.offset() == null ? 0 : LEFT_OUT[i % LEFT_OUT.length];
    }

    /** The least integer of an encoding. */
    public static int bottom(Grouped encoding) {
        return encoding.offset() == null ? -top(encoding) : 0;
    }

    /** The greatest integer of an encoding. */
    public static int top(Grouped encoding) {
        return (1 << (encoding.bits() - (encoding.offset() == null ? 1 : 0))) - 1;
    }

    @Override
    public Scale quantize(float[] numbers, int at, int count, Grouped encoding, int[] integers) {
        Scale best = GroupQuantizer.MIN_MAX.quantize(numbers, at, count, encoding, integers);
        float bestError = error(numbers, at, count, best, encoding);
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            least = Math.min(least, numbers[at + i]);
            most = Math.max(most, numbers[at + i]);
        }
        for (int i = 0; i < candidates(encoding); i++) {
            Scale candidate = candidate(encoding, i, least, most);
            float error = error(numbers, at, count, candidate, encoding);
            if (error < bestError) {
                best = candidate;
                bestError = error;
            }
        }
        Scale fitted = best;
        for (int i = 0; i < FITS; i++) {
            fitted = fitted(numbers, at, count, fitted, encoding);
            float error = error(numbers, at, count, fitted, encoding);
            if (error < bestError) {
                best = fitted;
                bestError = error;
            }
        }
        for (int i = 0; i < count; i++) {
            integers[i] = (int) nearest(numbers[at + i], best, inverse(best), encoding);
        }
        return best;
    }

    private static Scale candidate(Grouped encoding, int i, float least, float most) {
        if (encoding.offset() == null) {
            float reach = Math.max(Math.abs(least), Math.abs(most)) * lower(encoding, i);
            return new Scale(Math.max(GroupQuantizer.rounded(reach / top(encoding)), LEAST_SCALE), 0);
        }
        float range = most - least;
        float from = least + range * lower(encoding, i);
        float to = most - range * upper(encoding, i);
        float scale = Math.max(GroupQuantizer.rounded((to - from) / top(encoding)), LEAST_SCALE);
        return new Scale(scale, GroupQuantizer.rounded(from));
    }

    private static float inverse(Scale scale) {
        return scale.scale() == 0 ? 0 : 1 / scale.scale();
    }

    private static float nearest(float number, Scale scale, float inverse, Grouped encoding) {
        float steps = (number - scale.offset()) * inverse;
        return Math.max(Math.min(steps, top(encoding)), bottom(encoding)) + ROUND - ROUND;
    }

    private static float error(float[] numbers, int at, int count, Scale scale, Grouped encoding) {
        float inverse = inverse(scale);
        float sum = 0;
        for (int i = 0; i < count; i++) {
            float rest = numbers[at + i]
                    - scale.offset()
                    - nearest(numbers[at + i], scale, inverse, encoding) * scale.scale();
            sum += rest * rest;
        }
        return sum;
    }

    /** The least-squares line through the integers: fitted to what the old one leaves over, which is small, so nothing cancels. */
    private static Scale fitted(float[] numbers, int at, int count, Scale scale, Grouped encoding) {
        float inverse = inverse(scale);
        float integers = 0;
        float squares = 0;
        float rests = 0;
        float products = 0;
        for (int i = 0; i < count; i++) {
            float integer = nearest(numbers[at + i], scale, inverse, encoding);
            float rest = numbers[at + i] - scale.offset() - integer * scale.scale();
            integers += integer;
            squares += integer * integer;
            rests += rest;
            products += rest * integer;
        }
        if (encoding.offset() == null) {
            float more = products / Math.max(squares, 1);
            return new Scale(GroupQuantizer.rounded(scale.scale() + more), 0);
        }
        float spread = Math.max(count * squares - integers * integers, 1);
        float more = (count * products - rests * integers) / spread;
        float shift = (rests - more * integers) / count;
        return new Scale(GroupQuantizer.rounded(scale.scale() + more), GroupQuantizer.rounded(scale.offset() + shift));
    }
}
