package dev.flexgen.chat.cli;

import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.engine.DraftCounts;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.DraftGain;
import dev.flexgen.engine.plan.PlanJson;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * What a measurement with drafts found.
 *
 * @param run what was measured
 * @param counts of the measured reply
 * @param sweeps steps of the model that the reply took
 * @param alone tokens a second of the model with all of the machine and no drafts
 * @param plain the reply without drafts, by the model beside the draft
 * @param drafted the reply with drafts
 * @param readSeconds that the draft took to read what it had not read of the prompt
 * @param failure why drafting ended
 * @param predicted by the cost model
 */
record DraftReport(
        DraftRun run,
        DraftCounts counts,
        long sweeps,
        double alone,
        Generation plain,
        Generation drafted,
        double readSeconds,
        Optional<String> failure,
        DraftGain predicted) {

    double decodeTokensPerSecond() {
        return drafted.decodeTokensPerSecond();
    }

    /** Over the model alone. */
    double gain() {
        return decodeTokensPerSecond() / alone;
    }

    private double tokensPerSweep() {
        return sweeps == 0 ? 0 : (double) (drafted.ids().length - 1) / sweeps;
    }

    private double depth() {
        return counts.given() == 0 ? 0 : (double) counts.drafted() / counts.given();
    }

    private double accepted() {
        return counts.judged() == 0 ? 0 : (double) counts.accepted() / counts.judged();
    }

    private boolean same() {
        return Arrays.equals(plain.ids(), drafted.ids());
    }

    private String acceptance() {
        return run.assumed().isPresent()
                ? String.format(Locale.ROOT, "%.2f assumed", run.assumed().getAsDouble())
                : String.format(Locale.ROOT, "%.2f measured", accepted());
    }

    void json(JsonLine line) {
        line.put("by", run.how())
                .put("acceptance_is", run.assumed().isPresent() ? "assumed" : "measured")
                .put("acceptance", run.assumed().orElse(accepted()))
                .put("counted_acceptance", accepted())
                .put("plain_decode_tokens_per_second", alone)
                .put("plain_beside_draft_tokens_per_second", plain.decodeTokensPerSecond())
                .put("decode_tokens_per_second", decodeTokensPerSecond())
                .put("gain", gain())
                .put("predicted_decode_tokens_per_second", predicted.tokensPerSecond())
                .put("predicted_depth", predicted.depth())
                .put("tokens_per_sweep", tokensPerSweep())
                .put("sweeps", sweeps)
                .put("depth", depth())
                .put("drafted", counts.drafted())
                .put("accepted", counts.accepted())
                .put("draft_read_seconds", readSeconds)
                .put("same_tokens", same() ? "yes" : "no")
                .put("failure", failure.orElse(""))
                .put("plan", PlanJson.toJson(run.model().plan()));
    }

    String text(String model) {
        return String.format(
                Locale.ROOT,
                """

                drafts by %s, acceptance %s%s
                             measured  predicted   tok/s
                plain       %9s          -   the model alone, without drafts
                plain       %9s          -   beside what drafts
                drafted     %9s  %9s   %.2f times the model alone
                a sweep     %.2f tokens, of %.1f drafted where there was a draft; %d of %d drafted tokens accepted
                %s
                for docs/BENCHMARKS.md:
                %s
                """,
                run.how(),
                acceptance(),
                run.assumed().isPresent()
                        ? ": drafting and verifying really ran, which tokens were right was a coin's word"
                        : "",
                SpeedWords.number(alone),
                SpeedWords.number(plain.decodeTokensPerSecond()),
                SpeedWords.number(decodeTokensPerSecond()),
                SpeedWords.number(predicted.tokensPerSecond()),
                gain(),
                tokensPerSweep(),
                depth(),
                counts.accepted(),
                counts.drafted(),
                remarks(),
                row(model));
    }

    private String remarks() {
        String words =
                same() ? "the reply is the same as without drafts" : "THE REPLY IS NOT THE SAME AS WITHOUT DRAFTS";
        return failure.map(it -> words + "; drafting failed: " + it).orElse(words);
    }

    /** Markdown: model, weights, tiers, draft, acceptance and whose word that is, plain, beside, drafted, gain, predicted, tokens a sweep, depth. */
    String row(String model) {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %d+%d | %s | %s | %s | %s | %s | %.2f | %s | %.2f | %.1f |",
                model,
                run.model().weights().label(),
                String.join(
                        " and ",
                        run.model().plan().tiers().stream().map(Tier::label).toList()),
                run.workload().promptTokens(),
                drafted.ids().length,
                run.how(),
                acceptance(),
                SpeedWords.number(alone),
                SpeedWords.number(plain.decodeTokensPerSecond()),
                SpeedWords.number(decodeTokensPerSecond()),
                gain(),
                SpeedWords.number(predicted.tokensPerSecond()),
                tokensPerSweep(),
                depth());
    }
}
