package dev.flexgen.engine.plan;

import java.util.List;

/**
 * Shares of neurons that are not zero after a ReLU, as counted while a model ran: what gating reads of the second feed-forward matrix.
 *
 * @param layers a share, 0 to 1, for each layer
 * @param tokens that were counted
 */
public record ActiveShares(List<Double> layers, long tokens) {

    public ActiveShares {
        layers = List.copyOf(layers);
        if (layers.isEmpty() || tokens < 1 || !layers.stream().allMatch(share -> share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("shares of " + layers + " over " + tokens + " tokens");
        }
    }

    /** Of all layers together. */
    public double mean() {
        return layers.stream().mapToDouble(share -> share).sum() / layers.size();
    }
}
