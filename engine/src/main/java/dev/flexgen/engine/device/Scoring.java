package dev.flexgen.engine.device;

import java.util.Arrays;

/**
 * How attention scores a key j for a query at position i: {@code scale * q . k + slope * (j - i)}.
 *
 * @param window how many positions a query sees, its own included; 0 for all before it
 * @param slopes one for each query head of the rows, as ALiBi has them; empty for none. Not changed by anybody
 */
public record Scoring(float scale, int window, float[] slopes) {

    private static final float[] NONE = {};

    public Scoring {
        if (window < 0) {
            throw new IllegalArgumentException("a window of " + window);
        }
    }

    /** All positions alike. */
    public static Scoring scaled(float scale) {
        return new Scoring(scale, 0, NONE);
    }

    /** The first position that a query at {@code position} sees. */
    public int first(int position) {
        return window == 0 ? 0 : Math.max(0, position + 1 - window);
    }

    /** Of a query head. */
    public float slope(int head) {
        return slopes.length == 0 ? 0 : slopes[head];
    }

    /** Whether it is no more than a scale. */
    public boolean isPlain() {
        return window == 0 && slopes.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Scoring it
                && it.scale == scale
                && it.window == window
                && Arrays.equals(it.slopes, slopes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(slopes) * 31 + window;
    }
}
