package dev.flexgen.chat.machine;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.plan.ThroughputEstimate;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What to expect of a model on a machine before it is downloaded: the planner's estimate, in words.
 *
 * @param tokensPerSecond of a reply. Empty where nothing measured says so
 * @param problem the sentence with which the engine would refuse it; empty if it fits
 */
public record Expectation(SpeedClass speed, OptionalDouble tokensPerSecond, String problem) {

    public static Expectation of(CatalogueEntry entry, ModelFitter outlook) {
        return of(outlook.fit(entry));
    }

    /** The same of what the planner said. */
    public static Expectation of(FitResult result) {
        return switch (result) {
            case FitResult.Refused refused ->
                new Expectation(SpeedClass.DOES_NOT_FIT, OptionalDouble.empty(), refused.sentence());
            case FitResult.Fits fits -> {
                Optional<ThroughputEstimate> estimate = fits.estimate().filter(it -> !it.diskAssumed());
                SpeedClass speed = fits.fromDisk()
                        ? SpeedClass.FROM_DISK
                        : estimate.map(it -> SpeedClass.of(it.decodeTokensPerSecond()))
                                .orElse(SpeedClass.UNKNOWN);
                yield new Expectation(
                        speed,
                        estimate.map(it -> OptionalDouble.of(it.decodeTokensPerSecond()))
                                .orElse(OptionalDouble.empty()),
                        "");
            }
        };
    }

    public boolean fits() {
        return speed != SpeedClass.DOES_NOT_FIT;
    }

    /** For people: {@code reads along, ~12 tok/s}. */
    public String label() {
        if (tokensPerSecond.isPresent()) {
            return speed.label() + ", ~" + SpeedWords.rate(tokensPerSecond.getAsDouble());
        }
        return speed == SpeedClass.FROM_DISK ? speed.label() + ", speed unknown" : speed.label();
    }
}
