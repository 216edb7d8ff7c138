package dev.flexgen.chat.cli;

import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.CostModel;
import dev.flexgen.engine.plan.Step;
import java.util.Locale;

/** The lines of {@code plan --compare}. */
final class PlanTable {

    private static final int PROMPT = 128;
    private static final String ROW = "%-10s %-7s %10s %10s %10s  %10s %10s  %s%n";

    static final String HEADING = String.format(
            Locale.ROOT, ROW, "MODEL", "WEIGHTS", "GPU", "HOST", "DISK", "FIRST WORD", "TOK/S", "BOUND BY");

    private PlanTable() {}

    /** @param batch replies at the same time, whose tokens are added up */
    static String row(String name, FitResult result, int batch) {
        return switch (result) {
            case FitResult.Refused refused ->
                String.format(Locale.ROOT, "%-10s does not fit: %s%n", name, refused.sentence());
            case FitResult.Fits fits ->
                String.format(
                        Locale.ROOT,
                        ROW,
                        name,
                        fits.weights().label(),
                        bytes(fits, Tier.GPU),
                        bytes(fits, Tier.HOST),
                        bytes(fits, Tier.DISK),
                        fits.prices()
                                .map(it -> SpeedWords.seconds(it.prefill(fits.plan(), fits.footprint(), PROMPT, 1)
                                        .seconds()))
                                .orElse("?"),
                        fits.prices()
                                .map(it -> SpeedWords.number(rate(it, fits, batch)))
                                .orElse("?"),
                        fits.estimate().map(it -> it.bound().split(":", 2)[0]).orElse("?"));
        };
    }

    private static double rate(CostModel prices, FitResult.Fits fits, int batch) {
        return batch
                / prices.step(fits.plan(), fits.footprint(), new Step(batch, 1, fits.context() / 2))
                        .seconds();
    }

    private static String bytes(FitResult.Fits fits, Tier tier) {
        long bytes = fits.footprint().bytes(tier);
        return bytes == 0 ? "-" : Bytes.format(bytes);
    }
}
