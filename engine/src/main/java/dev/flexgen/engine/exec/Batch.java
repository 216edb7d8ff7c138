package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import java.util.Arrays;
import java.util.List;

/**
 * The unit of work: new tokens of some sequences, which go through the layers together. Prefill is one sequence with many
 * tokens, decoding one with one token, verifying a draft one with a few, a batch job many sequences.
 */
public record Batch(List<Sequence> sequences) {

    /**
     * One sequence's share.
     *
     * @param cache holds the tokens before; the step appends to it. No cache occurs twice in a batch
     * @param tokens the new ones, at least one
     * @param logitRows how many of the last of them want logits: 0 in the middle of a prompt, usually 1
     * @param cancel stops this sequence; the others go on
     */
    public record Sequence(KvCache cache, int[] tokens, int logitRows, CancelToken cancel) {
        public Sequence {
            if (tokens.length == 0 || logitRows < 0 || logitRows > tokens.length) {
                throw new IllegalArgumentException(logitRows + " rows of logits of " + tokens.length + " tokens");
            }
        }
    }

    public Batch {
        sequences = List.copyOf(sequences);
    }

    /** A batch of one sequence. */
    public static Batch of(KvCache cache, int[] tokens, int logitRows, CancelToken cancel) {
        return new Batch(List.of(new Sequence(cache, tokens, logitRows, cancel)));
    }

    /** Rows of activations: one for each new token, sequence after sequence. */
    public int rows() {
        return sequences.stream().mapToInt(sequence -> sequence.tokens().length).sum();
    }

    /** Rows of logits that are wanted. */
    public int logitRows() {
        return sequences.stream().mapToInt(Sequence::logitRows).sum();
    }

    int[] tokens() {
        return sequences.stream()
                .flatMapToInt(sequence -> Arrays.stream(sequence.tokens()))
                .toArray();
    }

    /** The sequences, each with its cache of one layer and shard, as they are written. */
    List<KvSequence> appending(int layer, int slot) {
        return sequences.stream()
                .map(sequence -> sequence.cache().appending(layer, slot, sequence.tokens().length))
                .toList();
    }

    /** What is to be sealed between writing and attending. */
    List<KvSealing> sealing(int layer, int slot) {
        return sequences.stream()
                .flatMap(sequence -> sequence.cache().sealing(layer, slot).stream())
                .toList();
    }

    /** The sequences as they attend: the same rows in the same order, cut where they see different blocks sealed. */
    List<KvSequence> attending(int layer, int slot) {
        return sequences.stream()
                .flatMap(sequence -> sequence.cache().attending(layer, slot, sequence.tokens().length).stream())
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

    /** Whether nobody waits for the result any more. */
    boolean cancelled() {
        for (Sequence sequence : sequences) {
            if (!sequence.cancel().cancelled()) {
                return false;
            }
        }
        return true;
    }
}
