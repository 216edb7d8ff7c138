package dev.flexgen.engine.quant;

import dev.flexgen.engine.quant.Encoding.Grouped;

/** Chooses the scale, the offset and the integers of one group of numbers. Stateless; any thread. */
@FunctionalInterface
public interface GroupQuantizer {

    /** What the integers of a group are multiplied by, and what is added: both exact in the encoding's type. */
    record Scale(float scale, float offset) {}

    /** From the least to the greatest number in equal steps, or for signed integers from minus to plus the largest. */
    GroupQuantizer MIN_MAX = GroupQuantizer::minMax;

    /**
     * Chooses them.
     *
     * @param numbers finite
     * @param integers gets {@code count} integers that the encoding can hold
     */
    Scale quantize(float[] numbers, int at, int count, Grouped encoding, int[] integers);

    private static Scale minMax(float[] numbers, int at, int count, Grouped encoding, int[] integers) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            least = Math.min(least, numbers[at + i]);
            most = Math.max(most, numbers[at + i]);
        }
        boolean signed = encoding.offset() == null;
        int top = signed ? (1 << (encoding.bits() - 1)) - 1 : (1 << encoding.bits()) - 1;
        float offset = signed ? 0 : rounded(least);
        float scale = rounded(signed ? Math.max(Math.abs(least), Math.abs(most)) / top : (most - offset) / top);
        Scale chosen = new Scale(scale, offset);
        nearest(numbers, at, count, chosen, signed ? -top : 0, top, integers);
        return chosen;
    }

    /** Rounds every number to the nearest integer times the scale, plus the offset. */
    static void nearest(float[] numbers, int at, int count, Scale scale, int bottom, int top, int[] integers) {
        float inverse = scale.scale() == 0 ? 0 : 1 / scale.scale();
        for (int i = 0; i < count; i++) {
            integers[i] = Math.clamp(Math.round((numbers[at + i] - scale.offset()) * inverse), bottom, top);
        }
    }

    /** As a group stores it; zero is never negative. */
    static float rounded(float number) {
        return Float.float16ToFloat(Float.floatToFloat16(number)) + 0f;
    }
}
