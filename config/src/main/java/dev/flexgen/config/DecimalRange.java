package dev.flexgen.config;

/**
 * The numbers that a setting may have. Never NaN.
 *
 * @param leastAllowed whether {@code least} itself is one of them
 * @param mostAllowed whether {@code most} itself is one of them
 */
public record DecimalRange(double least, boolean leastAllowed, double most, boolean mostAllowed) {

    /** From {@code least} to {@code most}, both included. */
    public static DecimalRange closed(double least, double most) {
        return new DecimalRange(least, true, most, true);
    }

    public boolean contains(double value) {
        return (leastAllowed ? value >= least : value > least) && (mostAllowed ? value <= most : value < most);
    }

    /** Completes "must be a number ...". */
    @Override
    public String toString() {
        String from = (leastAllowed ? "from " : "above ") + plain(least);
        if (leastAllowed) {
            return from + (mostAllowed ? " to " : " to below ") + plain(most);
        }
        return from + (mostAllowed ? ", up to " : ", below ") + plain(most);
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
