package dev.flexgen.engine.plan;

/**
 * How often drafts are right.
 *
 * @param right share of drafted tokens that are what the model chooses, those before them in the draft having been
 * @param guessed share of the places of a reply at which there is a draft at all
 * @param measured whether somebody counted, or it is assumed
 */
public record Acceptance(double right, double guessed, boolean measured) {

    public Acceptance {
        if (!(right >= 0 && right <= 1 && guessed >= 0 && guessed <= 1)) {
            throw new IllegalArgumentException(right + " right of those at " + guessed + " of the places");
        }
    }

    /** Of a model, which always has a guess. */
    public static Acceptance assumed(double right) {
        return new Acceptance(right, 1, false);
    }

    /** Expected tokens of a step that verifies so many: each counts if all before it are right, and the model chooses one more. */
    public double tokens(int drafted) {
        double sum = 1;
        double all = 1;
        for (int i = 0; i < drafted; i++) {
            all *= right;
            sum += all;
        }
        return sum;
    }
}
