package dev.flexgen.engine;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What drafts for a model where the planner decides: whatever makes an expected turn fastest, if it gains enough. What nobody has counted
 * is taken only where wrong drafts would cost next to nothing.
 *
 * @param chosen empty for no drafts
 * @param reason a sentence without its end
 */
public record DraftChoice(Optional<DraftForecast.Possible> chosen, String reason) {

    /** A gain of less may be an error of the prediction. */
    static final double LEAST_GAIN = 1.1;

    /** What a turn may cost more if an assumed acceptance is wrong. */
    static final double MOST_LOSS = 0.97;

    /** Of all forecasts. */
    public static DraftChoice of(List<DraftForecast> forecasts) {
        List<DraftForecast.Possible> possible = forecasts.stream()
                .filter(DraftForecast.Possible.class::isInstance)
                .map(DraftForecast.Possible.class::cast)
                .sorted(Comparator.comparingDouble(DraftForecast.Possible::turn).reversed())
                .toList();
        Optional<DraftForecast.Possible> best = possible.stream()
                .filter(it -> it.turn() >= LEAST_GAIN)
                .filter(it -> it.candidate().acceptance().measured() || it.worst() >= MOST_LOSS)
                .findFirst();
        return new DraftChoice(
                best,
                best.map(it -> "drafts by " + it.candidate().name() + ": " + words(it))
                        .orElseGet(() -> "no drafts: " + against(forecasts, possible)));
    }

    private static String words(DraftForecast.Possible forecast) {
        return String.format(
                Locale.ROOT,
                "an expected turn is %.2f times as fast by prediction, at %s acceptance of %.0f %%",
                forecast.turn(),
                forecast.candidate().acceptance().measured() ? "a measured" : "an assumed",
                100 * forecast.candidate().acceptance().right());
    }

    /** Why not the best of them. */
    private static String against(List<DraftForecast> forecasts, List<DraftForecast.Possible> possible) {
        if (possible.isEmpty()) {
            return forecasts.stream()
                    .map(it -> it.candidate().name())
                    .reduce((a, b) -> a + ", " + b)
                    .map(names -> "what would be gained by " + names + " is not known, or there is no room")
                    .orElse("nothing could draft for this model");
        }
        DraftForecast.Possible best = possible.getFirst();
        String what = best.candidate().name();
        return best.turn() < LEAST_GAIN
                ? String.format(
                        Locale.ROOT,
                        "an expected turn would be %.2f times as fast with the best of them, %s, by prediction, and below"
                                + " %.1f is not worth it",
                        best.turn(),
                        what,
                        LEAST_GAIN)
                : String.format(
                        Locale.ROOT,
                        "with drafts by %s an expected turn may be %.2f times as fast, but nobody has counted yet how often they are right; a reply with"
                                + " --draft %s does",
                        what,
                        best.turn(),
                        what);
    }
}
