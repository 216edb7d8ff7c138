package dev.flexgen.engine.run;

import dev.flexgen.engine.cache.KvCache;
import java.util.Arrays;
import java.util.List;

/**
 * The unit of work: new tokens of some sequences. Prefill is one sequence with many tokens, decode one with one token, a batch
 * many sequences with one each.
 */
record Step(List<Part> parts) {

    /**
     * One sequence's share.
     *
     * @param cache holds the tokens before; the step appends to it
     * @param tokens the new ones, at least one
     */
    record Part(KvCache cache, int[] tokens) {}

    static Step of(KvCache cache, int[] tokens) {
        return new Step(List.of(new Part(cache, tokens)));
    }

    /** Rows of activations: one for each new token, part after part. */
    int rows() {
        return parts.stream().mapToInt(part -> part.tokens().length).sum();
    }

    int[] tokens() {
        return parts.stream().flatMapToInt(part -> Arrays.stream(part.tokens())).toArray();
    }

    /** Each row's row in the position table. */
    int[] positions(int offset) {
        int[] positions = new int[rows()];
        int row = 0;
        for (Part part : parts) {
            for (int i = 0; i < part.tokens().length; i++) {
                positions[row++] = part.cache().length() + i + offset;
            }
        }
        return positions;
    }
}
