package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.exec.Logits;
import java.util.Arrays;

/** Log-probabilities of given texts, each in a cache of its own. */
final class Scorer {

    private final Model model;

    Scorer(Model model) {
        this.model = model;
    }

    double[] score(int[] ids, CancelToken cancel) {
        int vocabulary = model.spec().vocabulary();
        TokenIds.check(ids, vocabulary, model.context());
        double[] scores = new double[ids.length];
        scores[0] = Double.NaN;
        if (ids.length == 1) {
            return scores;
        }
        try (Session session = model.session(ids.length - 1)) {
            session.begin(Arrays.copyOf(ids, ids.length - 1)); // nothing follows the last id
            while (session.pending() > 0) {
                int from = session.length();
                Logits logits = SessionStep.withAllLogits(model, session, cancel);
                for (int row = 0; row < session.length() - from; row++) {
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
