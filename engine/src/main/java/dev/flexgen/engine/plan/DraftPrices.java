package dev.flexgen.engine.plan;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What drafting costs, by prediction or by measurement, and from that what it brings at some acceptance. Pure; docs/ARCHITECTURE.md
 * derives the formulas.
 *
 * @param steps seconds of a step that verifies 0, 1, 2, ... drafted tokens, each with a row of logits
 * @param drafted seconds of one drafted token
 */
public record DraftPrices(List<Double> steps, double drafted) {

    public DraftPrices {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || drafted < 0) {
            throw new IllegalArgumentException("steps of " + steps + " s, drafted tokens of " + drafted + " s");
        }
    }

    /**
     * By prediction: verifying goes through the model's own plan, in steps of one regime.
     *
     * @param most tokens of a draft
     * @param drafted seconds of one drafted token, such as a decode step of the draft's own plan; 0 if it costs nothing
     */
    public static DraftPrices predicted(
            CostModel prices, Plan plan, Footprint footprint, int context, int most, double drafted) {
        int depth = Math.min(most, plan.computeBoundTokens() - 2);
        return new DraftPrices(
                IntStream.rangeClosed(0, depth)
                        .mapToObj(it -> prices.step(plan, footprint, Step.verify(context, it))
                                .seconds())
                        .toList(),
                drafted);
    }

    /** The deepest draft that has a price. */
    public int most() {
        return steps.size() - 1;
    }

    /** With drafts of so many tokens. */
    public DraftGain at(int depth, Acceptance acceptance) {
        double share = depth == 0 ? 0 : acceptance.guessed();
        double tokens = acceptance.tokens(depth);
        double plain = steps.getFirst();
        double seconds = share * (steps.get(depth) + depth * drafted) + (1 - share) * plain;
        return new DraftGain(depth, tokens, (share * tokens + 1 - share) / seconds, 1 / plain);
    }

    /** With as many as bring most tokens a second; none where that is plain decoding. */
    public DraftGain best(Acceptance acceptance) {
        DraftGain best = at(0, acceptance);
        for (int depth = 1; depth <= most(); depth++) {
            DraftGain gain = at(depth, acceptance);
            if (gain.tokensPerSecond() > best.tokensPerSecond()) {
                best = gain;
            }
        }
        return best;
    }
}
