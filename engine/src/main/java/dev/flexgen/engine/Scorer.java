package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Logits;
import dev.flexgen.engine.exec.ModelRunner;
import java.util.Arrays;

/** Log-probabilities of given texts, each in a cache of its own. */
final class Scorer {

    private final ModelRunner runner;
    private final int context;

    Scorer(ModelRunner runner, int context) {
        this.runner = runner;
        this.context = context;
    }

    double[] score(int[] ids, CancelToken cancel) {
        int vocabulary = runner.spec().vocabulary();
        TokenIds.check(ids, vocabulary, context);
        double[] scores = new double[ids.length];
        scores[0] = Double.NaN;
        try (KvCache cache = runner.newCache()) {
            for (int from = 0; from < ids.length - 1; from += runner.maxLogitRows()) {
                int[] tokens = Arrays.copyOfRange(ids, from, Math.min(ids.length - 1, from + runner.maxLogitRows()));
                Logits logits = runner.step(Batch.of(cache, tokens, tokens.length, cancel));
                cancel.check();
                for (int row = 0; row < tokens.length; row++) {
                    int next = from + row + 1;
                    int at = logits.offset(0, row);
                    scores[next] = logits.numbers()[at + ids[next]] - logSumExp(logits.numbers(), at, vocabulary);
                    requireNumber(scores[next], next);
                }
            }
        }
        return scores;
    }

    private static void requireNumber(double score, int index) {
        if (Double.isNaN(score)) {
            throw EngineException.model("The model computed no valid probability for token " + (index + 1)
                    + ": its weights are damaged or of another element type than stated; fetch the model again");
        }
    }

    private static double logSumExp(float[] logits, int from, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + count; i++) {
            max = Math.max(max, logits[i]);
        }
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += Math.exp(logits[i] - max);
        }
        return max + Math.log(sum);
    }
}
