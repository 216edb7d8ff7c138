package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.KvSequence;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of one sequence that a kernel takes alike.
 *
 * @param sequence its place in the call
 * @param row the first, among all rows of the call
 * @param position of the first row in the sequence
 * @param span positions that a thread block attends over
 * @param partial where the launch keeps its partial results, in rows of {@code headDim + 2} numbers
 * @param counter where the launch has its counters
 * @param earlier rows of the same sequence and call that come before
 */
record AttentionPart(int sequence, int row, int rows, int position, int span, int partial, int counter, int earlier) {

    /** Of the sequences' lengths that have a span in common. */
    private static final int BUCKET = 512;

    private static final int LEAST_SPAN = 32;

    /** More would not leave the shared memory for a block's scores. */
    private static final int MOST_SPAN = 1024;

    /** Thread blocks for each multiprocessor that one row should make; measured. */
    private static final int BLOCKS = 8;

    /**
     * The rows of each sequence as they are.
     *
     * @param firstRow of the first sequence, among all rows of the call
     */
    static List<AttentionPart> whole(List<KvSequence> sequences, int firstRow) {
        List<AttentionPart> parts = new ArrayList<>();
        int row = firstRow;
        for (int i = 0; i < sequences.size(); i++) {
            KvSequence sequence = sequences.get(i);
            parts.add(new AttentionPart(i, row, sequence.rows(), sequence.position(), 1, 0, 0, 0));
            row += sequence.rows();
        }
        return parts;
    }

    /**
     * This part's rows by their spans. A row's span follows from its own position, so that a token's result is the same, whether it
     * comes alone, with others of its sequence, or with other sequences.
     *
     * @param heads key heads, whose blocks share the GPU
     * @param mostSpans of which the partial results of one token and key head fit the scratch memory
     */
    List<AttentionPart> bySpan(int heads, int multiprocessors, long mostSpans) {
        List<AttentionPart> parts = new ArrayList<>();
        int wanted = (int) Math.clamp(Math.ceilDiv(BLOCKS * multiprocessors, heads), 1, Math.max(1, mostSpans));
        for (int done = 0; done < rows; ) {
            int from = position + done;
            int end = Math.ceilDiv(from + 1, BUCKET) * BUCKET; // the longest of these lengths
            int count = Math.min(rows - done, end - from);
            int own = Math.clamp(Math.ceilDiv(Math.ceilDiv(end, wanted), 16) * 16L, LEAST_SPAN, MOST_SPAN);
            parts.add(new AttentionPart(sequence, row + done, count, from, own, 0, 0, earlier + done));
            done += count;
        }
        return parts;
    }

    int spans() {
        return Math.ceilDiv(position + rows, span);
    }

    AttentionPart slice(int from, int count) {
        return new AttentionPart(sequence, row + from, count, position + from, span, partial, counter, earlier + from);
    }

    AttentionPart at(int partialRow, int firstCounter) {
        return new AttentionPart(sequence, row, rows, position, span, partialRow, firstCounter, earlier);
    }
}
