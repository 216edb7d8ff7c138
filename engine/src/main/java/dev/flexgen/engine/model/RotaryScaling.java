package dev.flexgen.engine.model;

/** How the turns of rotary positions are slowed down for a longer context than the model was first trained with. */
public sealed interface RotaryScaling {

    /** What becomes of one frequency, in radians a position. */
    double apply(double frequency);

    /** They are not. */
    record None() implements RotaryScaling {
        @Override
        public double apply(double frequency) {
            return frequency;
        }
    }

    /** All alike. */
    record Linear(double factor) implements RotaryScaling {
        @Override
        public double apply(double frequency) {
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
        public double apply(double frequency) {
            double turns = context * frequency / (2 * Math.PI);
            double fast = Math.clamp((turns - low) / (high - low), 0, 1);
            return (1 - fast) * frequency / factor + fast * frequency;
        }
    }
}
