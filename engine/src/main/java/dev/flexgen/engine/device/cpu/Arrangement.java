package dev.flexgen.engine.device.cpu;

import java.util.Arrays;

/**
 * The order in which a {@link GroupKernel} wants the numbers of a row, worked out once: as a table, because every product begins with
 * arranging its inputs. Immutable.
 *
 * @param columns of a row
 * @param width numbers of an arranged row
 * @param places where each column comes
 * @param units what each column's number is multiplied by
 */
record Arrangement(int columns, int width, int[] places, float[] units) {

    /** That of a kernel. */
    static Arrangement of(GroupKernel kernel, int columns) {
        int[] places = new int[columns];
        float[] units = new float[columns];
        for (int c = 0; c < columns; c++) {
            places[c] = kernel.place(c);
            units[c] = kernel.unit(c);
        }
        return new Arrangement(columns, kernel.arranged(columns), places, units);
    }

    /**
     * Brings arranged numbers back to their columns, and adds the base of its group to each.
     *
     * @param from the first column
     * @param size columns of a group
     */
    void restore(float[] arranged, int from, int count, float[] bases, int size, float[] numbers, int at) {
        int c = from;
        while (c < from + count) {
            float base = bases[c / size];
            int end = Math.min(from + count, (c / size + 1) * size);
            int shift = at - from;
            for (; c < end; c++) {
                numbers[shift + c] = arranged[places[c]] * units[c] + base;
            }
        }
    }

    /** Arranges the numbers of one row; zeros fill up the last group. */
    void apply(float[] numbers, int at, float[] x, int xo) {
        Arrays.fill(x, xo, xo + width, 0);
        for (int c = 0; c < columns; c++) {
            x[xo + places[c]] = numbers[at + c] * units[c];
        }
    }
}
