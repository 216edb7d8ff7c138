package dev.flexgen.engine.device;

/**
 * How far a number may be from the reference's.
 *
 * @param terms additions whose rounding is forgiven
 * @param rowSlack what is forgiven in each row beside that; none where empty
 */
record Tolerance(int terms, double[] rowSlack) {

    Tolerance(int terms) {
        this(terms, new double[0]);
    }

    double of(int row, float wanted) {
        double sum = 2e-6 * (Math.abs(wanted) + Math.sqrt(terms) + 1) + 1e-7 * terms;
        return rowSlack.length == 0 ? sum : sum + rowSlack[row];
    }
}
