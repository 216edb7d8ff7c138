package dev.flexgen.engine.quant;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes and reads one head of a page, one number at a time: the reference of what a {@link PageFormat}'s bytes mean, to the bit.
 * A group's offset is its least number; its scale is the 15th part of the way to the greatest; integers are the nearest, and of two
 * equally near the even one. No zero is negative. Immutable.
 *
 * @param format of the page
 * @param headDim channels of the head
 */
public record PageCodec(PageFormat format, int headDim) {

    private static final int TOP = 15;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Writes a head's keys.
     *
     * @param numbers finite // [tokens, headDim]
     * @param head as many bytes as the format takes
     */
    public void sealKeys(float[] numbers, MemorySegment head) {
        head.fill((byte) 0);
        for (int d = 0; d < headDim; d++) {
            Group group = group(numbers, d, headDim, format.tokens());
            head.set(SHORT, format.scalesAt(headDim) + 2L * d, Float.floatToFloat16(group.scale()));
            head.set(SHORT, format.keyOffsetsAt(headDim) + 2L * d, Float.floatToFloat16(group.offset()));
            for (int t = 0; t < format.tokens(); t++) {
                put(head, t, d, group.integer(numbers[t * headDim + d]));
            }
        }
    }

    /** Writes a head's values. */
    public void sealValues(float[] numbers, MemorySegment head) {
        head.fill((byte) 0);
        int size = format.encoding().groupSize();
        for (int t = 0; t < format.tokens(); t++) {
            for (int g = 0; g < format.valueGroups(headDim); g++) {
                int from = g * size;
                int count = Math.min(size, headDim - from);
                Group group = group(numbers, t * headDim + from, 1, count);
                head.set(SHORT, valueScaleAt(t, g), Float.floatToFloat16(group.scale()));
                head.set(SHORT, valueScaleAt(t, g) + 2, Float.floatToFloat16(group.offset()));
                for (int d = from; d < from + count; d++) {
                    put(head, t, d, group.integer(numbers[t * headDim + d]));
                }
            }
        }
    }

    /** Reads a key. */
    public float key(MemorySegment head, int token, int channel) {
        float scale = half(head, format.scalesAt(headDim) + 2L * channel);
        float offset = half(head, format.keyOffsetsAt(headDim) + 2L * channel);
        return scale * integer(head, token, channel) + offset;
    }

    /** Reads a value. */
    public float value(MemorySegment head, int token, int channel) {
        long at = valueScaleAt(token, channel / format.encoding().groupSize());
        return half(head, at) * integer(head, token, channel) + half(head, at + 2);
    }

    private record Group(float scale, float offset) {
        int integer(float number) {
            float inverse = scale == 0 ? 0 : 1 / scale;
            return Math.clamp((int) Math.rint((number - offset) * inverse), 0, TOP);
        }
    }

    private static Group group(float[] numbers, int at, int step, int count) {
        float least = numbers[at];
        float most = numbers[at];
        for (int i = 1; i < count; i++) {
            least = Math.min(least, numbers[at + i * step]);
            most = Math.max(most, numbers[at + i * step]);
        }
        float offset = GroupQuantizer.rounded(least);
        return new Group(GroupQuantizer.rounded((most - offset) / TOP), offset);
    }

    private long valueScaleAt(int token, int group) {
        int index = token * format.valueGroups(headDim) + group;
        return format.scalesAt(headDim) + (long) format.encoding().scaleBytes() * index;
    }

    private long wordAt(int token, int channel) {
        return (long) token * format.rowBytes(headDim) + 4L * (channel / PageFormat.WORD);
    }

    private int integer(MemorySegment head, int token, int channel) {
        return (head.get(WORD, wordAt(token, channel)) >>> (4 * (channel % PageFormat.WORD))) & TOP;
    }

    private void put(MemorySegment head, int token, int channel, int integer) {
        long at = wordAt(token, channel);
        head.set(WORD, at, head.get(WORD, at) | (integer << (4 * (channel % PageFormat.WORD))));
    }

    private static float half(MemorySegment head, long at) {
        return Float.float16ToFloat(head.get(SHORT, at));
    }
}
