package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;

/**
 * Inner loops over one row of weights in groups, as it is stored. A weight is {@code factor * level + base}, with the group's scale
 * and offset and the weight's integer. So a dot product is {@code sum of factor[g] * (levels . x) + sum of base[g] * (sum of x)}, group
 * by group, and only the levels touch every number.
 *
 * <p>Levels come out of a row in an order that suits the lanes; numbers to be multiplied with them are {@linkplain Arrangement
 * arranged} so once for all rows. Every loop adds in the same order, whatever is computed beside it. Stateless.
 */
sealed interface GroupKernel permits NibbleKernel, ByteKernel, TripletKernel {

    /** Rows that {@link #dotRows} and {@link #addRows} take at a time. */
    int ROWS = 2;

    /** Tokens that {@link #dots} takes at a time. */
    int TOKENS = 4;

    /**
     * Bytes of rows that are fetched in one burst before they are multiplied. Less waits for memory too often, more does not fit the
     * first-level cache.
     */
    int BURST_BYTES = 24 << 10;

    /** Rows of a burst: an even number. */
    static int burstRows(long rowBytes, int most) {
        return Math.clamp(BURST_BYTES / rowBytes / ROWS, 1, most / ROWS) * ROWS;
    }

    /** The kernel of an encoding. */
    static GroupKernel of(Grouped encoding) {
        return switch (encoding.bits()) {
            case 8 -> new ByteKernel();
            case 4 -> new NibbleKernel();
            default -> new TripletKernel();
        };
    }

    /** Numbers of a row when arranged; a multiple of the group. */
    int arranged(int columns);

    /** Where column {@code column} of a row comes when arranged. */
    int place(int column);

    /** What arranged numbers of a column are multiplied by, because its levels are as much larger: a power of two. */
    default float unit(int column) {
        return 1;
    }

    /**
     * Sums of factor times level times number over two rows, one sum for each lane: numbers of wide rows do not fit the first-level
     * cache, and so are fetched half as often.
     *
     * @param row offset of the first row's integers in {@code weights}, in bytes
     * @param factors of the first row's groups from {@code fo} on and of the second's from {@code secondFo} on, each followed by
     *     zeros as far as vectors reach
     * @param x arranged
     * @param sums gets a vector of sums for each row from {@code so} on
     */
    void dotRows(
            MemorySegment weights,
            long row,
            long secondRow,
            int groups,
            float[] factors,
            int fo,
            int secondFo,
            float[] x,
            int xo,
            float[] sums,
            int so);

    /**
     * The same for one row and {@value #TOKENS} tokens.
     *
     * @param places where the tokens' numbers begin in {@code x}, from {@code first} on
     * @param sums gets a vector of sums for each token from {@code so} on
     */
    void dots(
            MemorySegment weights,
            long row,
            int groups,
            float[] factors,
            int fo,
            float[] x,
            int[] places,
            int first,
            float[] sums,
            int so);

    /**
     * {@code y += factor * level}, arranged, for two rows, one after the other.
     *
     * @param factors of the rows' groups, already multiplied by their inputs
     */
    void addRows(
            MemorySegment weights,
            long row,
            long secondRow,
            int groups,
            float[] factors,
            int fo,
            int secondFo,
            float[] y,
            int yo);
}
