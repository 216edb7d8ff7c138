package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Whether rows come out the same, to the bit, alone and with others.
 *
 * @param most rows of a step
 */
record AlikeRows(TwinMemory memory, int most) {

    /** Projections and norms of some rows. */
    void projections(RandomOperands operands, Matrix matrix) {
        Linear linear = new Linear(matrix, operands.vector(matrix.rows()));
        Norm norm = new Norm(1e-5f, operands.vector(matrix.columns()), null);
        MemorySegment bias = operands.vector(matrix.columns());
        Rows in = operands.rows(most, matrix.columns());
        Rows gated = operands.rows(most, matrix.rows(), 0.8);
        Rows narrow = operands.rows(most, matrix.rows());
        Rows wide = operands.rows(most, matrix.columns());
        rowsAlike(
                narrow,
                (ops, at, from, count) ->
                        ops.up(at.of(linear), at.of(in.slice(from, count)), at.of(narrow.slice(from, count))));
        rowsAlike(
                wide,
                (ops, at, from, count) ->
                        ops.down(at.of(matrix), at.of(gated.slice(from, count)), at.of(wide.slice(from, count))));
        rowsAlike(
                wide,
                (ops, at, from, count) -> ops.addBiasNorm(
                        at.of(bias), at.of(norm), at.of(in.slice(from, count)), at.of(wide.slice(from, count))));
    }

    /** Some sequences with one new token, and one with all others, whose spans on a GPU would change with its length. */
    void sequences(RandomOperands operands, Encoding encoding, int[] shape) {
        List<KvSequence> sequences = new ArrayList<>();
        for (int[] share : new int[][] {{130, 1}, {0, 1}, {508, most - 3}, {63, 1}}) {
            if (share[1] > 0) {
                KvView cache = operands.cache(encoding, shape[0], shape[2], 64, share[0] + share[1]);
                sequences.add(new KvSequence(cache, share[0], share[1]));
            }
        }
        attention(operands, sequences, shape);
    }

    /** Rows of some sequences, {@link #most} in all. */
    void attention(RandomOperands operands, List<KvSequence> sequences, int[] shape) {
        int rows = KvSequence.rows(sequences);
        Rows keys = operands.rows(rows, shape[0] * shape[2]);
        Rows values = operands.rows(rows, keys.width());
        Rows query = operands.rows(rows, keys.width() * shape[1]);
        Rows out = operands.rows(rows, query.width());
        memory.identical((ops, at) -> ops.append(at.of(keys), at.of(values), at.of(sequences)));
        rowsAlike(
                out,
                (ops, at, from, count) -> ops.attend(
                        at.of(query.slice(from, count)),
                        at.of(slice(sequences, from, count)),
                        0.3f,
                        at.of(out.slice(from, count))));
        rowsAlike(
                out,
                (ops, at, from, count) -> ops.appendAndAttend(
                        at.of(keys.slice(from, count)),
                        at.of(values.slice(from, count)),
                        at.of(query.slice(from, count)),
                        at.of(slice(sequences, from, count)),
                        0.3f,
                        at.of(out.slice(from, count))));
    }

    private static List<KvSequence> slice(List<KvSequence> sequences, int from, int count) {
        List<KvSequence> slice = new ArrayList<>();
        int row = 0;
        for (KvSequence sequence : sequences) {
            int begin = Math.max(from, row);
            int end = Math.min(from + count, row + sequence.rows());
            if (begin < end) {
                slice.add(new KvSequence(sequence.cache(), sequence.position() + begin - row, end - begin));
            }
            row += sequence.rows();
        }
        return slice;
    }

    /** An operation on {@code count} rows from {@code from} on. */
    private interface RowsOperation {
        void on(Ops ops, Side at, int from, int count);
    }

    private void rowsAlike(Rows out, RowsOperation operation) {
        byte[] together = memory.bits(out, (ops, at) -> operation.on(ops, at, 0, out.count()));
        for (int count : new int[] {1, 2, 5, 9}) {
            for (int from = 0; from + count <= out.count(); from += count) {
                Rows own = out.slice(from, count);
                int first = from;
                byte[] some = memory.bits(own, (ops, at) -> operation.on(ops, at, first, count));
                byte[] same = Arrays.copyOfRange(
                        together, (int) (4L * from * out.width()), (int) (4L * (from + count) * out.width()));
                assertThat(some)
                        .as("rows %d to %d of %d", from, from + count - 1, out.count())
                        .isEqualTo(same);
            }
        }
    }
}
