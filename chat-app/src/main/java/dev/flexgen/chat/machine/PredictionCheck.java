package dev.flexgen.chat.machine;

import dev.flexgen.engine.plan.StepCost;
import java.util.Locale;
import java.util.Optional;

/**
 * Compares what tokens of a reply took with their price, once there are enough of them.
 *
 * @param price of one token
 */
public record PredictionCheck(StepCost price) {

    /** Fewer tell more of the start than of the speed. */
    public static final int FEWEST_TOKENS = 20;

    /** More than this off is worth a word. */
    static final double MUCH = 0.25;

    /**
     * A sentence if they differ by more than a quarter.
     *
     * @param tokens written
     * @param seconds that all but the first of them took
     */
    public Optional<String> sentence(int tokens, double seconds) {
        if (tokens < FEWEST_TOKENS || seconds <= 0) {
            return Optional.empty();
        }
        double measured = (tokens - 1) / seconds;
        double predicted = 1 / price.seconds();
        double ratio = measured / predicted;
        if (ratio >= 1 - MUCH && ratio <= 1 + MUCH) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "%s instead of the predicted %s: %s is %.1f times %s than when this machine was measured;"
                        + " 'flexgen-chat doctor --measure' measures it anew",
                SpeedWords.rate(measured),
                SpeedWords.number(predicted),
                price.binding().label(),
                ratio < 1 ? 1 / ratio : ratio,
                ratio < 1 ? "slower" : "faster"));
    }
}
