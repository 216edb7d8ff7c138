package dev.flexgen.engine.sample;

import java.util.Arrays;

/**
 * The tokens still in the running, with unnormalised probabilities: the most likely one's is 1. Filters shorten the list; the
 * order of what is left does not matter to them.
 */
final class Candidates {

    private final int[] ids;
    private final double[] weights;
    private int size;

    /** All tokens, at a temperature above 0. */
    Candidates(float[] logits, double temperature) {
        size = logits.length;
        ids = new int[size];
        weights = new double[size];
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        for (int i = 0; i < size; i++) {
            ids[i] = i;
            weights[i] = Math.exp((logits[i] - max) / temperature);
        }
    }

    int size() {
        return size;
    }

    /** Keeps tokens of at least {@code weight}. */
    void keepFrom(double weight) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] >= weight) {
                ids[kept] = ids[i];
                weights[kept++] = weights[i];
            }
        }
        size = kept;
    }

    /** Keeps the first {@code count} after {@link #sort}. */
    void keepFirst(int count) {
        size = Math.min(size, count);
    }

    /** Most likely first; equals by id, so that a seed always draws the same. */
    void sort() {
        long[] order = new long[size];
        for (int i = 0; i < size; i++) {
            // Weights lie in [0, 1], where a float's bits order like its value.
            int key = Float.floatToRawIntBits((float) weights[i]);
            order[i] = ((long) ~key << 32) | i;
        }
        Arrays.sort(order);
        int[] sortedIds = new int[size];
        double[] sortedWeights = new double[size];
        for (int i = 0; i < size; i++) {
            sortedIds[i] = ids[(int) order[i]];
            sortedWeights[i] = weights[(int) order[i]];
        }
        System.arraycopy(sortedIds, 0, ids, 0, size);
        System.arraycopy(sortedWeights, 0, weights, 0, size);
    }

    double weight(int index) {
        return weights[index];
    }

    double sum() {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += weights[i];
        }
        return sum;
    }

    /** The token at {@code fraction} of the summed weights. */
    int draw(double fraction) {
        double left = fraction * sum();
        for (int i = 0; i < size - 1; i++) {
            left -= weights[i];
            if (left < 0) {
                return ids[i];
            }
        }
        return ids[size - 1];
    }
}
