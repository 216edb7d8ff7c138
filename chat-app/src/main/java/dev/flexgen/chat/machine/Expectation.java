package dev.flexgen.chat.machine;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.plan.FitResult;
import dev.flexgen.engine.plan.MachineProfile.Found;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * What to expect of a model on a machine before it is downloaded: the planner's estimate, in words.
 *
 * @param tokensPerSecond of a reply; a guess good to a third or so. Empty where nothing measured says so
 * @param orMore whether it may as well be more
 * @param problem the sentence with which the engine would refuse it; empty if it fits
 */
public record Expectation(SpeedClass speed, OptionalDouble tokensPerSecond, boolean orMore, String problem) {

    /** Of the memory's measured rate, the share that decoding on a processor reached in docs/BENCHMARKS.md: 58 to 90 %. */
    private static final double SHARE_OF_PROCESSOR = 0.7;

    /** The same of the rates of GPU and bus: 77 to 99 %. */
    private static final double SHARE_OF_GPU = 0.8;

    /** Above it a GPU's time goes into starting operations, of which its memory's rate says nothing. */
    private static final double MOST_BY_GPU = 100;

    public static Expectation of(CatalogueEntry entry, ModelFitter outlook) {
        return switch (outlook.fit(entry)) {
            case FitResult.Refused refused -> unknown(SpeedClass.DOES_NOT_FIT, refused.sentence());
            case FitResult.Fits fits when fits.fromDisk() -> unknown(SpeedClass.FROM_DISK, "");
            case FitResult.Fits fits when fits.bestTokensPerSecond().isEmpty() -> unknown(SpeedClass.UNKNOWN, "");
            case FitResult.Fits fits ->
                known(
                        fits.bestTokensPerSecond().getAsDouble(),
                        outlook.profile().found() instanceof Found.WithGpu);
        };
    }

    private static Expectation unknown(SpeedClass speed, String problem) {
        return new Expectation(speed, OptionalDouble.empty(), false, problem);
    }

    private static Expectation known(double best, boolean gpu) {
        double rate = best * (gpu ? SHARE_OF_GPU : SHARE_OF_PROCESSOR);
        boolean more = gpu && rate > MOST_BY_GPU;
        double shown = more ? MOST_BY_GPU : rate;
        return new Expectation(SpeedClass.of(rate), OptionalDouble.of(shown), more, "");
    }

    public boolean fits() {
        return speed != SpeedClass.DOES_NOT_FIT;
    }

    /** For people: {@code reads along, ~12 tok/s}. */
    public String label() {
        if (tokensPerSecond.isEmpty()) {
            return speed.label();
        }
        double rate = tokensPerSecond.getAsDouble();
        String format = rate >= 9.95 ? "%s, %s%.0f tok/s" : "%s, %s%.1f tok/s";
        return String.format(Locale.ROOT, format, speed.label(), orMore ? ">" : "~", rate);
    }
}
