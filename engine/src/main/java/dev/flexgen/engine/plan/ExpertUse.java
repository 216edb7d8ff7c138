package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * How often each expert was chosen, as counted while a model ran: routers of trained models favour some, and those are worth the
 * fastest memory.
 *
 * @param layers times that each expert was chosen, layer by layer; an empty list for a layer without experts
 * @param tokens that were counted
 */
public record ExpertUse(List<List<Long>> layers, long tokens) {

    /** Beyond this many tokens the counts of before weigh half, so that they follow what a model is used for. */
    private static final long MANY_TOKENS = 1 << 20;

    public ExpertUse {
        List<List<Long>> copies = new ArrayList<>();
        for (List<Long> experts : layers) {
            copies.add(List.copyOf(experts));
        }
        layers = List.copyOf(copies);
        long most = tokens;
        if (tokens < 1
                || !layers.stream().flatMap(List::stream).allMatch(count -> count >= 0 && count <= most)
                || layers.stream().allMatch(List::isEmpty)) {
            throw new IllegalArgumentException("no counts of " + tokens + " tokens");
        }
    }

    /** Share of the tokens that choose an expert, never quite 0 or 1: what was not seen yet may be chosen next. */
    public double share(int layer, int expert) {
        return (layers.get(layer).get(expert) + 0.5) / (tokens + 1);
    }

    /** Whether these are counts of as many experts, {@code experts} of each layer. */
    public boolean isOf(List<Integer> experts) {
        return layers.stream().map(List::size).toList().equals(experts);
    }

    /** These and others of the same model together. */
    public ExpertUse and(ExpertUse later) {
        int halves = tokens > MANY_TOKENS ? 2 : 1;
        List<List<Long>> sums = new ArrayList<>();
        for (int layer = 0; layer < layers.size(); layer++) {
            List<Long> experts = new ArrayList<>();
            for (int i = 0; i < layers.get(layer).size(); i++) {
                experts.add(layers.get(layer).get(i) / halves
                        + later.layers.get(layer).get(i));
            }
            sums.add(experts);
        }
        return new ExpertUse(sums, tokens / halves + later.tokens);
    }
}
