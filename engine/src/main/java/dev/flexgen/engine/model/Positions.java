package dev.flexgen.engine.model;

/** How a model knows the order of its tokens. */
public sealed interface Positions {

    /**
     * A table of rows that are added to the tokens' before the first layer.
     *
     * @param offset row of the first token
     */
    record Learned(int offset) implements Positions {}

    /**
     * Pairs of numbers of q and k are turned by an angle that grows with the position.
     *
     * @param dims of each head that are turned, from the first on; the rest pass through
     * @param base of the angles' geometric series (theta)
     * @param interleaved whether neighbours (2m, 2m+1) form a pair, or else (m, m + dims/2)
     */
    record Rotary(int dims, double base, boolean interleaved, RotaryScaling scaling) implements Positions {

        /** Of the context that the model was first trained with. */
        public Rotary(int dims, double base, boolean interleaved) {
            this(dims, base, interleaved, new RotaryScaling.None());
        }

        /** By how much pair m turns from one position to the next, in radians. */
        public float[] frequencies() {
            float[] frequencies = new float[dims / 2];
            for (int m = 0; m < frequencies.length; m++) {
                frequencies[m] = (float) scaling.apply(m, Math.pow(base, -2.0 * m / dims));
            }
            return frequencies;
        }
    }

    /** Scores are lowered in proportion to the distance, by a slope for each head. */
    record Alibi() implements Positions {

        /**
         * Of all heads: {@code 2^(-8m/n)} for m from 1 to n, the largest power of two of heads; the others get every second one of
         * twice as many.
         */
        public float[] slopes(int heads) {
            int power = Integer.highestOneBit(heads);
            float[] slopes = new float[heads];
            for (int i = 0; i < heads; i++) {
                double exponent = i < power ? -8.0 * (i + 1) / power : -4.0 * (2 * (i - power) + 1) / power;
                slopes[i] = (float) Math.pow(2, exponent);
            }
            return slopes;
        }
    }

    /** Not at all. */
    record None() implements Positions {}
}
