package dev.flexgen.engine.quant;

import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes and reads rows of an {@link Grouped} encoding, one number at a time: the reference of what its bytes mean. Immutable.
 *
 * @param encoding of the rows
 * @param quantizer chooses the integers of a group
 */
public record GroupCodec(Grouped encoding, GroupQuantizer quantizer) {

    /**
     * Writes one row.
     *
     * @param numbers finite, and within the range of the scale's type
     * @param at index of the first
     * @param row as many bytes as the encoding takes for {@code columns}
     */
    public void encode(float[] numbers, int at, int columns, MemorySegment row) {
        int[] integers = new int[encoding.groupSize()];
        row.asSlice(encoding.scalesAt(columns)).fill((byte) 0);
        for (int g = 0; g < encoding.groups(columns); g++) {
            int from = g * encoding.groupSize();
            int count = Math.min(encoding.groupSize(), columns - from);
            GroupQuantizer.Scale scale = quantizer.quantize(numbers, at + from, count, encoding, integers);
            for (int i = 0; i < encoding.groupSize(); i++) {
                put(row, g, i, i < count ? integers[i] : 0);
            }
            long scaleAt = encoding.scalesAt(columns) + (long) g * encoding.scaleBytes();
            row.set(ValueLayout.JAVA_SHORT_UNALIGNED, scaleAt, Float.floatToFloat16(scale.scale()));
            if (encoding.offset() != null) {
                row.set(ValueLayout.JAVA_SHORT_UNALIGNED, scaleAt + 2, Float.floatToFloat16(scale.offset()));
            }
        }
    }

    /** Reads one row. */
    public void decode(MemorySegment row, int columns, float[] numbers, int at) {
        for (int c = 0; c < columns; c++) {
            int group = c / encoding.groupSize();
            long scaleAt = encoding.scalesAt(columns) + (long) group * encoding.scaleBytes();
            float scale = half(row, scaleAt);
            float offset = encoding.offset() == null ? 0 : half(row, scaleAt + 2);
            numbers[at + c] = Math.fma(scale, get(row, group, c % encoding.groupSize()), offset);
        }
    }

    private static float half(MemorySegment row, long at) {
        return Float.float16ToFloat(row.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
    }

    /** The integer of column {@code i} of a group. */
    private int get(MemorySegment row, int group, int i) {
        long start = (long) group * encoding.integerBytes();
        if (encoding.bits() == 8) {
            return row.get(ValueLayout.JAVA_BYTE, start + i);
        }
        int bit = i / Grouped.WORDS * encoding.bits();
        int mask = (1 << encoding.bits()) - 1;
        int integer = 0;
        for (int done = 0; done < encoding.bits(); done++) {
            int at = bit + done;
            integer |= (row.get(ValueLayout.JAVA_BYTE, start + byteOf(i, at)) >> (at % 8) & 1) << done;
        }
        return integer & mask;
    }

    private void put(MemorySegment row, int group, int i, int integer) {
        long start = (long) group * encoding.integerBytes();
        if (encoding.bits() == 8) {
            row.set(ValueLayout.JAVA_BYTE, start + i, (byte) integer);
            return;
        }
        int bit = i / Grouped.WORDS * encoding.bits();
        for (int done = 0; done < encoding.bits(); done++) {
            int at = bit + done;
            long place = start + byteOf(i, at);
            int one = 1 << (at % 8);
            int old = row.get(ValueLayout.JAVA_BYTE, place);
            row.set(ValueLayout.JAVA_BYTE, place, (byte) (((integer >> done) & 1) == 0 ? old & ~one : old | one));
        }
    }

    /** The byte of a group that holds bit {@code bit} of the word of column {@code i}. */
    private int byteOf(int i, int bit) {
        int word = i % Grouped.WORDS;
        return encoding.bits() == 4 ? 4 * word + bit / 8 : Grouped.WORDS * (bit / 8) + word;
    }
}
