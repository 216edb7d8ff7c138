package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Logits;
import dev.flexgen.engine.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * Log-probabilities of many texts at once: a step takes tokens of several texts, so that weights are read once for all of them. Each
 * text has a session of its own and is cut into steps as it would be alone. Texts of up to 16 tokens share steps of up to 16 rows, and
 * longer ones share larger steps. So a score is the same as alone: to the bit in steps of up to 16 rows, and on the processor in larger
 * ones too, except for models with experts; otherwise up to rounding.
 *
 * <p>Where there is no room for one more session, its text waits until another is scored. One thread.
 */
public final class Scorer {

    private final Model model;
    private final int slots;
    private final CancelToken cancel;
    private final List<Running> running = new ArrayList<>();

    /**
     * One text.
     *
     * @param listener hears its scores
     */
    public record Job(int[] ids, Listener listener) {}

    /** Hears exactly one of the scores of a text and its failure. */
    public interface Listener {

        /** The natural logarithm of each id's probability given those before it; the first has none and is NaN. */
        void onEnd(double[] logprobs);

        /** There is no score, because this text cannot be served: too long, ids out of range, no room. */
        void onFailure(EngineException failure);
    }

    private record Running(Job job, Session session, double[] scores) {}

    /** What a step takes of a text: so many tokens behind those that its session holds. */
    private record Share(Running text, int from, int count) {}

    /**
     * For one model.
     *
     * @param slots most texts under way at a time
     * @param cancel ends all of them
     */
    public Scorer(Model model, int slots, CancelToken cancel) {
        if (slots < 1) {
            throw new IllegalArgumentException("room for " + slots + " texts");
        }
        this.model = model;
        this.slots = slots;
        this.cancel = cancel;
    }

    /** One text's scores; throws what would be its failure. */
    static double[] alone(Model model, int[] ids, CancelToken cancel) {
        double[] scores = new double[ids.length];
        Listener listener = new Listener() {
            @Override
            public void onEnd(double[] logprobs) {
                System.arraycopy(logprobs, 0, scores, 0, scores.length);
            }

            @Override
            public void onFailure(EngineException failure) {
                throw failure;
            }
        };
        new Scorer(model, 1, cancel).run(List.of(new Job(ids, listener)).iterator());
        return scores;
    }

    /**
     * Scores all texts; asks for the next one when there is room for it.
     *
     * @throws CancellationException if cancelled; texts under way have no scores
     * @throws EngineException of kind DEVICE or MODEL, which no other text would escape
     */
    public void run(Iterator<Job> jobs) {
        Admission<Job> admission = new Admission<>(
                jobs, slots, this::start, (job, e) -> job.listener().onFailure(e));
        try {
            while (admission.fill(running)) {
                step(shares());
            }
        } finally {
            running.forEach(it -> it.session().close());
            running.clear();
        }
    }

    private void start(Job job) {
        int[] ids = job.ids();
        TokenIds.check(ids, model.spec().vocabulary(), model.context());
        double[] scores = new double[ids.length];
        scores[0] = Double.NaN;
        if (ids.length == 1) {
            job.listener().onEnd(scores);
            return;
        }
        Session session = model.session(ids.length - 1);
        session.begin(Arrays.copyOf(ids, ids.length - 1)); // nothing follows the last id
        running.add(new Running(job, session, scores));
    }

    /** Of the first text, and of those that fit into the same step and compute their tokens as a step of their own would. */
    private List<Share> shares() {
        int most = model.maxLogitRows();
        boolean few = count(running.getFirst()) < Plan.COMPUTE_BOUND_TOKENS;
        int room = few ? Math.min(most, Plan.COMPUTE_BOUND_TOKENS - 1) : most;
        List<Share> shares = new ArrayList<>();
        for (Running text : running) {
            int count = count(text);
            if (count <= room && count < Plan.COMPUTE_BOUND_TOKENS == few) {
                shares.add(new Share(text, text.session().length(), count));
                room -= count;
            }
        }
        return shares;
    }

    private int count(Running text) {
        return ReadAhead.step(text.session().pending(), model.maxLogitRows());
    }

    private void step(List<Share> shares) {
        Logits logits = model.step(new Batch(shares.stream()
                .map(it -> it.text().session().share(it.count(), it.count(), cancel))
                .toList()));
        if (!logits.completed(0)) {
            throw new CancellationException("cancelled");
        }
        for (int i = 0; i < shares.size(); i++) {
            Share share = shares.get(i);
            read(logits, i, share);
            if (share.text().session().pending() == 0) {
                end(share.text());
            }
        }
    }

    private void read(Logits logits, int sequence, Share share) {
        int[] ids = share.text().job().ids();
        double[] scores = share.text().scores();
        for (int row = 0; row < share.count(); row++) {
            int next = share.from() + row + 1;
            int at = logits.offset(sequence, row);
            double all = logSumExp(logits.numbers(), at, model.spec().vocabulary());
            scores[next] = logits.numbers()[at + ids[next]] - all;
            requireNumber(scores[next], next);
        }
    }

    private void end(Running text) {
        running.remove(text);
        text.session().close();
        text.job().listener().onEnd(text.scores());
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
