package dev.flexgen.engine.device;

/**
 * The error function in double precision, to better than 1e-12: its Taylor series near zero, and the continued fraction
 * of the complement where the series would cancel.
 */
public final class Erf {

    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
    private static final double SERIES_LIMIT = 2.5;

    private Erf() {}

    public static double erf(double x) {
        double magnitude = Math.abs(x);
        double value = magnitude < SERIES_LIMIT ? series(magnitude) : 1 - complement(magnitude);
        return Math.copySign(value, x);
    }

    /** {@code 1 - erf(x)} for {@code x >= 0}, to 1e-12 of its value. */
    public static double complementary(double x) {
        return x < SERIES_LIMIT ? 1 - series(x) : complement(x);
    }

    private static double series(double x) {
        double square = x * x;
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
            term *= -square / n;
            sum += term / (2 * n + 1);
        }
        return TWO_OVER_SQRT_PI * sum;
    }

    private static double complement(double x) {
        double fraction = 0;
        for (int n = 40; n > 0; n--) {
            fraction = n / 2.0 / (x + fraction);
        }
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
    }
}
