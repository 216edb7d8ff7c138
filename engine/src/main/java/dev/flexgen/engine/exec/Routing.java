package dev.flexgen.engine.exec;

import dev.flexgen.engine.model.FeedForwardSpec.Experts;
import dev.flexgen.engine.model.FeedForwardSpec.Router;
import dev.flexgen.engine.model.FeedForwardSpec.Router.Scores;
import java.util.Arrays;

/**
 * Which rows of a step pass through which experts of a layer, and with what weight their results count. Computed on the host in
 * single precision, whatever the devices, and for each row alone.
 */
final class Routing {

    /**
     * What one expert has to do.
     *
     * @param rows that chose it, in ascending order
     * @param weights of its results, one for each of them
     */
    record Share(int[] rows, float[] weights) {}

    private static final Share NOTHING = new Share(new int[0], new float[0]);

    private final Share[] shares;

    private Routing(Share[] shares) {
        this.shares = shares;
    }

    /** Of an expert; no rows if nobody chose it. */
    Share of(int expert) {
        return shares[expert];
    }

    /** How many experts the layer has. */
    int experts() {
        return shares.length;
    }

    /**
     * Chooses.
     *
     * @param scores the router's outputs // [rows, experts]
     * @param correction added to choose, not to weight; empty for none
     */
    static Routing choose(Experts experts, float[] scores, int rows, float[] correction) {
        int[] counts = new int[experts.count()];
        int[][] chosen = new int[rows][];
        float[][] weights = new float[rows][];
        for (int row = 0; row < rows; row++) {
            float[] own = Arrays.copyOfRange(scores, row * experts.count(), (row + 1) * experts.count());
            probabilities(own, experts.router().scores());
            chosen[row] = chosen(experts, own, correction);
            weights[row] = weights(experts.router(), own, chosen[row]);
            for (int expert : chosen[row]) {
                counts[expert]++;
            }
        }
        Share[] shares = new Share[experts.count()];
        for (int expert = 0; expert < shares.length; expert++) {
            shares[expert] =
                    counts[expert] == 0 ? NOTHING : new Share(new int[counts[expert]], new float[counts[expert]]);
        }
        int[] next = new int[experts.count()];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < chosen[row].length; i++) {
                Share share = shares[chosen[row][i]];
                int at = next[chosen[row][i]]++;
                share.rows()[at] = row;
                share.weights()[at] = weights[row][i];
            }
        }
        return new Routing(shares);
    }

    private static void probabilities(float[] scores, Scores kind) {
        switch (kind) {
            case SIGMOID -> {
                for (int i = 0; i < scores.length; i++) {
                    scores[i] = (float) (1 / (1 + Math.exp(-scores[i])));
                }
            }
            case SOFTMAX -> {
                double max = Double.NEGATIVE_INFINITY;
                for (float score : scores) {
                    max = Math.max(max, score);
                }
                double sum = 0;
                for (float score : scores) {
                    sum += Math.exp(score - max);
                }
                for (int i = 0; i < scores.length; i++) {
                    scores[i] = (float) (Math.exp(scores[i] - max) / sum);
                }
            }
        }
    }

    /** The best, the first of equal ones; of the best groups only. */
    private static int[] chosen(Experts experts, float[] scores, float[] correction) {
        float[] choice = scores.clone();
        for (int i = 0; i < correction.length; i++) {
            choice[i] += correction[i];
        }
        Router router = experts.router();
        if (router.groups() > 1) {
            dropWeakGroups(choice, router);
        }
        return best(choice, experts.chosen());
    }

    /** A group counts by its two best. */
    private static void dropWeakGroups(float[] choice, Router router) {
        int size = choice.length / router.groups();
        float[] groups = new float[router.groups()];
        for (int g = 0; g < groups.length; g++) {
            float[] own = Arrays.copyOfRange(choice, g * size, (g + 1) * size);
            for (int best : best(own, Math.min(2, size))) {
                groups[g] += own[best];
            }
        }
        boolean[] kept = new boolean[groups.length];
        for (int g : best(groups, router.keptGroups())) {
            kept[g] = true;
        }
        for (int i = 0; i < choice.length; i++) {
            if (!kept[i / size]) {
                choice[i] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private static int[] best(float[] numbers, int count) {
        int[] best = new int[count];
        boolean[] taken = new boolean[numbers.length];
        for (int i = 0; i < count; i++) {
            int most = -1;
            for (int j = 0; j < numbers.length; j++) {
                if (!taken[j] && (most < 0 || numbers[j] > numbers[most])) {
                    most = j;
                }
            }
            best[i] = most;
            taken[most] = true;
        }
        return best;
    }

    private static float[] weights(Router router, float[] scores, int[] chosen) {
        double sum = 0;
        for (int expert : chosen) {
            sum += scores[expert];
        }
        float[] weights = new float[chosen.length];
        for (int i = 0; i < chosen.length; i++) {
            double weight = router.normalised() ? scores[chosen[i]] / (sum + 1e-20) : scores[chosen[i]];
            weights[i] = (float) (weight * router.scale());
        }
        return weights;
    }
}
