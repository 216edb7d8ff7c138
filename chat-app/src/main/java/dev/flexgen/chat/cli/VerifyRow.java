package dev.flexgen.chat.cli;

import dev.flexgen.chat.cli.Verification.Form;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.ActiveShares;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code verify} found out about a model in one form.
 *
 * @param tokens of the text
 * @param readRate tokens a second, of the text
 * @param writeRate tokens a second, of the reply
 * @param failure why there is nothing else; empty if there is
 */
record VerifyRow(
        Form form,
        int tokens,
        double perplexity,
        double readRate,
        double writeRate,
        Optional<ActiveShares> active,
        Map<Tier, Long> heldBytes,
        String failure) {

    static VerifyRow failed(Form form, String why) {
        return new VerifyRow(form, 0, Double.NaN, Double.NaN, Double.NaN, Optional.empty(), Map.of(), why);
    }

    boolean measured() {
        return failure.isEmpty();
    }

    /** By how much the perplexity exceeds that of another form, as a share; NaN unless both are measured on the same text. */
    double over(VerifyRow other) {
        return tokens == other.tokens ? perplexity / other.perplexity - 1 : Double.NaN;
    }

    String json(VerifyRow first) {
        return JsonLine.of(line -> {
            line.put("weights", form.weights().label())
                    .put("kv", form.kv().name().toLowerCase(Locale.ROOT))
                    .put("tokens", tokens)
                    .put("perplexity", perplexity)
                    .put("perplexity_over_first", over(first))
                    .put("prefill_tokens_per_second", readRate)
                    .put("decode_tokens_per_second", writeRate)
                    .put("active_share", active.map(ActiveShares::mean).orElse(Double.NaN));
            if (!measured()) {
                line.put("error", failure);
            }
        });
    }
}
