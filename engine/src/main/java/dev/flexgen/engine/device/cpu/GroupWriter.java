package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes quantised groups as {@link Grouped} lays them out, whole words at a time.
 *
 * @param width groups side by side in the arrays
 */
record GroupWriter(Grouped encoding, int width) {

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Writes some groups of a row.
     *
     * @param integers of all groups // [number of a group, width]
     * @param first index of the first group in the row
     */
    void write(int[] integers, float[] scales, float[] offsets, int first, int groups, MemorySegment row, int columns) {
        for (int lane = 0; lane < groups; lane++) {
            long at = (long) (first + lane) * encoding.integerBytes();
            switch (encoding.bits()) {
                case 4 -> nibbles(integers, lane, row, at);
                case 3 -> threes(integers, lane, row, at);
                default -> bytes(integers, lane, row, at);
            }
            long scaleAt = encoding.scalesAt(columns) + (long) (first + lane) * encoding.scaleBytes();
            row.set(SHORT, scaleAt, Float.floatToFloat16(scales[lane]));
            if (encoding.offset() != null) {
                row.set(SHORT, scaleAt + 2, Float.floatToFloat16(offsets[lane]));
            }
        }
    }

    private void nibbles(int[] integers, int lane, MemorySegment row, long at) {
        for (int w = 0; w < Grouped.WORDS; w++) {
            row.set(INT, at + 4L * w, word(integers, lane, w));
        }
    }

    private void threes(int[] integers, int lane, MemorySegment row, long at) {
        long low = 0;
        long middle = 0;
        long high = 0;
        for (int w = 0; w < Grouped.WORDS; w++) {
            long word = word(integers, lane, w);
            low |= (word & 0xff) << (8 * w);
            middle |= ((word >> 8) & 0xff) << (8 * w);
            high |= ((word >> 16) & 0xff) << (8 * w);
        }
        row.set(LONG, at, low);
        row.set(LONG, at + 8, middle);
        row.set(LONG, at + 16, high);
    }

    /** The integers of columns {@code w}, {@code w + 8} and so on, from the lowest bits on. */
    private int word(int[] integers, int lane, int w) {
        int word = 0;
        for (int k = 0; k < 8; k++) {
            word |= integers[(Grouped.WORDS * k + w) * width + lane] << (k * encoding.bits());
        }
        return word;
    }

    private void bytes(int[] integers, int lane, MemorySegment row, long at) {
        for (int i = 0; i < encoding.groupSize(); i += 8) {
            long word = 0;
            for (int k = 0; k < 8; k++) {
                word |= (integers[(i + k) * width + lane] & 0xffL) << (8 * k);
            }
            row.set(LONG, at + i, word);
        }
    }
}
