package dev.flexgen.engine.device.cpu;

/**
 * Into how many parts the rows of a down projection are divided, each with a partial sum of its own. The number must not depend on
 * how many threads there are, or results would. It is a multiple of 16 wherever there are enough rows, so that the usual numbers
 * of cores get equal shares.
 */
final class PartialSumCount {

    private static final int STEP = 16;

    /** Still small beside the matrix with 16 tokens. */
    private static final int MOST = 48;

    /** Fewest rows that are worth a partial sum. */
    private static final int ROWS = 24;

    private PartialSumCount() {}

    static int of(int rows) {
        int parts = Math.clamp(rows / ROWS, 1, MOST);
        return parts < STEP ? parts : parts / STEP * STEP;
    }
}
