package dev.flexgen.engine.sample;

import dev.flexgen.engine.base.EngineException;
import java.util.SplittableRandom;

/**
 * Chooses the next token from logits: repetition penalty, temperature, top-k, top-p, min-p, draw, in the order that
 * transformers applies them. One per reply; the same seed and logits choose the same tokens.
 */
public final class Sampler {

    private final SamplerOptions options;
    private final SplittableRandom random;

    public Sampler(SamplerOptions options) {
        this.options = options;
        this.random = new SplittableRandom(options.seed());
    }

    /**
     * The next token's id.
     *
     * @param logits one per token of the vocabulary; changed by the penalty
     * @param context ids so far; only the first {@code length} count
     * @throws EngineException if the logits hold no number, as damaged weights make them
     */
    public int next(float[] logits, int[] context, int length) {
        penalise(logits, context, length);
        int best = best(logits);
        if (options.temperature() == 0) {
            return best;
        }
        Candidates candidates = new Candidates(logits, options.temperature());
        keepTopK(candidates);
        keepTopP(candidates);
        candidates.keepFrom(options.minP());
        return candidates.draw(random.nextDouble());
    }

    private void penalise(float[] logits, int[] context, int length) {
        float penalty = (float) options.repetitionPenalty();
        if (penalty == 1) {
            return;
        }
        boolean[] seen = new boolean[logits.length];
        for (int i = 0; i < length; i++) {
            int id = context[i];
            if (!seen[id]) {
                seen[id] = true;
                logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
            }
        }
    }

    /** Not a number if one of them is none. In four strands: one would wait for each comparison before the next. */
    private static float most(float[] numbers) {
        float a = Float.NEGATIVE_INFINITY;
        float b = a;
        float c = a;
        float d = a;
        int i = 0;
        for (; i + 3 < numbers.length; i += 4) {
            a = Math.max(a, numbers[i]);
            b = Math.max(b, numbers[i + 1]);
            c = Math.max(c, numbers[i + 2]);
            d = Math.max(d, numbers[i + 3]);
        }
        for (; i < numbers.length; i++) {
            a = Math.max(a, numbers[i]);
        }
        return Math.max(Math.max(a, b), Math.max(c, d));
    }

    private static int best(float[] logits) {
        float most = most(logits);
        int best = 0;
        while (best < logits.length && logits[best] != most) {
            best++;
        }
        if (!Float.isFinite(most) || best == logits.length) {
            throw EngineException.model(
                    "The model computed no valid number for the next token: its weights are damaged or"
                            + " of another element type than stated; fetch the model again");
        }
        return best;
    }

    private void keepTopK(Candidates candidates) {
        if (options.topK() > 0 && options.topK() < candidates.size()) {
            candidates.sort();
            candidates.keepFirst(options.topK());
        }
    }

    /**
     * Tokens that are each below {@code (1 - p) / n} of the whole cannot reach the {@code 1 - p} that may be cut, even together:
     * dropping them first leaves few to sort.
     */
    private void keepTopP(Candidates candidates) {
        if (options.topP() >= 1) {
            return;
        }
        double sum = candidates.sum();
        candidates.keepFrom(sum * (1 - options.topP()) / candidates.size());
        candidates.sort();
        double reached = 0;
        int kept = 0;
        while (kept < candidates.size() && reached < options.topP() * sum) {
            reached += candidates.weight(kept++);
        }
        candidates.keepFirst(Math.max(1, kept));
    }
}
