package dev.flexgen.engine.device;

import java.util.List;

/**
 * The part that one sequence has in a batch: some consecutive rows, and the cache that they belong to. Rows of sequences follow
 * each other in the order of the list that a call is given.
 *
 * @param cache for one layer and head range
 * @param position of the first of the rows within the sequence
 * @param rows new tokens, at least one
 */
public record KvSequence(KvView cache, int position, int rows) {

    public KvSequence {
        if (position < 0 || rows < 1) {
            throw new IllegalArgumentException(rows + " rows from position " + position);
        }
    }

    /** Positions that the cache must have room for. */
    public int length() {
        return position + rows;
    }

    /** Rows of all sequences together. */
    public static int rows(List<KvSequence> sequences) {
        int rows = 0;
        for (KvSequence sequence : sequences) {
            rows += sequence.rows();
        }
        return rows;
    }
}
