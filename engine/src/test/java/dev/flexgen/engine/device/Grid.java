package dev.flexgen.engine.device;

/**
 * The shapes that {@link DeviceConformance} tries.
 *
 * @param tokens counts of rows
 * @param someTokens fewer of them, where the reference takes long
 * @param matrices rows and columns
 * @param widths of rows
 * @param heads key heads, query heads for each, width of a head
 * @param pasts tokens before those that attend
 * @param alike matrices with which the bits of rows alone and together are compared
 * @param batches for each sequence of a step the tokens before and the new ones
 */
public record Grid(
        int[] tokens,
        int[] someTokens,
        int[][] matrices,
        int[] widths,
        int[][] heads,
        int[] pasts,
        int[][] alike,
        int[][][] batches) {

    private static final int[][][] BATCHES = {
        {{130, 1}, {0, 1}, {63, 1}, {64, 1}, {5, 1}},
        {{64, 1}, {3, 40}, {70, 4}, {0, 1}, {20, 33}},
    };

    /** Around every border of the fast kernels: one token, a few, the switch to panels, a panel and its neighbours, several. */
    public static Grid full() {
        return new Grid(
                new int[] {1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 70},
                new int[] {1, 3, 16, 33},
                new int[][] {
                    {1, 1},
                    {1, 17},
                    {5, 3},
                    {6, 16},
                    {7, 33},
                    {60, 148},
                    {97, 64},
                    {100, 257},
                    {128, 600},
                    {33, 2050},
                    {2051, 40}
                },
                new int[] {1, 15, 16, 17, 60, 64, 5000},
                new int[][] {
                    {1, 1, 8},
                    {3, 1, 12},
                    {4, 2, 16},
                    {6, 1, 64},
                    {2, 2, 80},
                    {5, 5, 33},
                    {2, 1, 96},
                    {1, 3, 128},
                    {1, 1, 136},
                    {2, 2, 256}
                },
                new int[] {0, 5, 64, 130},
                new int[][] {{60, 148}, {97, 64}, {130, 1112}, {1100, 136}},
                BATCHES);
    }

    /** For a device that computes with another's operations. */
    public static Grid small() {
        return new Grid(
                new int[] {1, 3, 33},
                new int[] {1, 3},
                new int[][] {{1, 1}, {5, 3}, {7, 33}, {60, 148}},
                new int[] {1, 17, 64},
                new int[][] {{3, 1, 12}, {2, 2, 80}},
                new int[] {0, 5, 64},
                new int[][] {{60, 148}},
                BATCHES);
    }
}
