package dev.flexgen.engine;

import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Acceptance;
import java.util.Optional;

/**
 * Something that may draft for a model.
 *
 * @param name as the setting {@code draft} says it
 * @param spec of the model that would be opened for it, if any
 * @param options with which that would be opened
 * @param acceptance how often it is right: counted, or assumed
 */
public record DraftCandidate(String name, Optional<ModelSpec> spec, ModelOptions options, Acceptance acceptance) {

    public static final String LOOKUP = "lookup";
    public static final String SELF = "self";

    /** Assumptions, not measurements: the figures that plans are made with until replies were counted. */
    private static final double ASSUMED_SELF = 0.8;

    private static final double ASSUMED_MODEL = 0.7;
    private static final double ASSUMED_LOOKUP = 0.5;
    private static final double ASSUMED_FOUND = 0.25;

    /** What followed the same words before. It opens nothing and takes next to no time. */
    public static DraftCandidate lookup(Optional<Acceptance> known) {
        Acceptance assumed = new Acceptance(ASSUMED_LOOKUP, ASSUMED_FOUND, false);
        return new DraftCandidate(LOOKUP, Optional.empty(), ModelOptions.DEFAULTS, known.orElse(assumed));
    }

    /** The model itself in 4 bits. */
    public static DraftCandidate self(ModelSpec spec, ModelOptions options, Optional<Acceptance> known) {
        return new DraftCandidate(
                SELF,
                Optional.of(spec),
                options.withWeights(WeightType.Q4),
                known.orElse(Acceptance.assumed(ASSUMED_SELF)));
    }

    /** A smaller model with the same tokenizer. */
    public static DraftCandidate model(String name, ModelSpec spec, ModelOptions options, Optional<Acceptance> known) {
        return new DraftCandidate(name, Optional.of(spec), options, known.orElse(Acceptance.assumed(ASSUMED_MODEL)));
    }

    /** The same, as often right as somebody says. */
    public DraftCandidate assuming(double right) {
        return new DraftCandidate(name, spec, options, new Acceptance(right, acceptance.guessed(), false));
    }
}
