package dev.flexgen.engine.exec;

import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.device.KvSequence;
import java.util.Arrays;
import java.util.List;

/**
 * The unit of work: new tokens of some sequences. Prefill is one sequence with many tokens, decode one with one token, a batch
 * many sequences with one each.
 */
record Batch(List<Sequence> sequences) {

    /**
     * One sequence's share.
     *
     * @param cache holds the tokens before; the step appends to it
     * @param tokens the new ones, at least one
     */
    record Sequence(KvCache cache, int[] tokens) {}

    static Batch of(KvCache cache, int[] tokens) {
        return new Batch(List.of(new Sequence(cache, tokens)));
    }

    /** Rows of activations: one for each new token, sequence after sequence. */
    int rows() {
        return sequences.stream().mapToInt(sequence -> sequence.tokens().length).sum();
    }

    int[] tokens() {
        return sequences.stream()
                .flatMapToInt(sequence -> Arrays.stream(sequence.tokens()))
                .toArray();
    }

    /** The sequences, each with its cache of one layer and shard. */
    List<KvSequence> sequences(int layer, int slot) {
        return sequences.stream()
                .map(sequence -> new KvSequence(
                        sequence.cache().view(layer, slot), sequence.cache().length(), sequence.tokens().length))
                .toList();
    }

    /** Each row's row in the position table. */
    int[] positions(int offset) {
        int[] positions = new int[rows()];
        int row = 0;
        for (Sequence sequence : sequences) {
            for (int i = 0; i < sequence.tokens().length; i++) {
                positions[row++] = sequence.cache().length() + i + offset;
            }
        }
        return positions;
    }
}
