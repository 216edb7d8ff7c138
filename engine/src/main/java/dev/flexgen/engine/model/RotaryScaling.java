package dev.flexgen.engine.model;

/** How the turns of rotary positions are slowed down for a longer context than the model was first trained with. */
public sealed interface RotaryScaling {

    /** What becomes of the frequency of a pair, in radians a position. */
    double apply(int pair, double frequency);

    /** By what turned numbers are multiplied, both of queries and of keys. */
    default double magnitude() {
        return 1;
    }

    /** How long a context it is for. */
    default int context(int stated) {
        return stated;
    }

    /** They are not. */
    record None() implements RotaryScaling {
        @Override
        public double apply(int pair, double frequency) {
            return frequency;
        }
    }

    /** All alike. */
    record Linear(double factor) implements RotaryScaling {
        @Override
        public double apply(int pair, double frequency) {
            return frequency / factor;
        }
    }

    /**
     * Llama 3.1: slow turns are slowed down, fast ones are not, and those between by degrees.
     *
     * @param low turns within {@code context} up to which one is slow
     * @param high and from which it is fast
     */
    record Llama3(double factor, double low, double high, int context) implements RotaryScaling {
        @Override
        public double apply(int pair, double frequency) {
            double turns = context * frequency / (2 * Math.PI);
            double fast = Math.clamp((turns - low) / (high - low), 0, 1);
            return (1 - fast) * frequency / factor + fast * frequency;
        }
    }

    /**
     * YaRN: fast turns are not slowed down, slow ones are, and those between by degrees, pair by pair. Scores are made larger, too,
     * since many more keys share the attention.
     *
     * @param first pair from which turns are slowed down
     * @param last pair from which they are slowed down by all of {@code factor}
     * @param context that the model was first trained with
     */
    record Yarn(double factor, double first, double last, double magnitude, int context) implements RotaryScaling {

        /**
         * As transformers computes it.
         *
         * @param dims numbers of a head that are turned
         * @param context that the model was first trained with
         * @param fast turns within {@code context} from which one is fast
         * @param slow and up to which it is slow
         * @param whole whether only whole pairs are borders
         */
        static Yarn of(
                int dims,
                double base,
                double factor,
                int context,
                double fast,
                double slow,
                boolean whole,
                double magnitude) {
            double first = pair(fast, dims, base, context);
            double last = pair(slow, dims, base, context);
            if (whole) {
                first = Math.floor(first);
                last = Math.ceil(last);
            }
            first = Math.max(first, 0);
            last = Math.min(last, dims - 1);
            return new Yarn(factor, first, first == last ? last + 0.001 : last, magnitude, context);
        }

        /** Which pair turns so many times within the context. */
        private static double pair(double turns, int dims, double base, int context) {
            return dims * Math.log(context / (turns * 2 * Math.PI)) / (2 * Math.log(base));
        }

        /** Files often state that of before still. */
        @Override
        public int context(int stated) {
            return Math.clamp(Math.round(factor * context), stated, Integer.MAX_VALUE);
        }

        @Override
        public double apply(int pair, double frequency) {
            double slow = Math.clamp((pair - first) / (last - first), 0, 1);
            return slow * frequency / factor + (1 - slow) * frequency;
        }
    }
}
