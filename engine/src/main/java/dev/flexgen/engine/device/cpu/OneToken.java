package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Products of a matrix with one token: decoding, bound by how fast memory delivers the weights.
 *
 * <p>How the work is cut depends on the shapes alone, so results are the same bit for bit for any number of threads.
 */
final class OneToken {

    /** Numbers of the token that the first-level cache keeps while rows pass: 16 KiB. */
    private static final int TILE = 4096;

    /** Rows of an up projection that a thread takes at a time. */
    private static final int UP_ROWS = 32;

    /** Rows of a down projection behind one partial sum; small matrices have fewer. */
    private static final int DOWN_ROWS = 64;

    private static final int MAX_PARTIAL_SUMS = 64;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private float[] input = new float[0];
    private float[] partials = new float[0];

    OneToken(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
    }

    /** {@code out[r] = in . weight[r] + bias[r]}. */
    void up(Matrix weight, @Nullable MemorySegment bias, Rows in, Rows out) {
        read(in, StoredRows.inputScale(weight.dtype()));
        float scale = StoredRows.outputScale(weight.dtype());
        pool.run(Math.ceilDiv(weight.rows(), UP_ROWS), (part, worker) -> {
            int from = part * UP_ROWS;
            int rows = Math.min(UP_ROWS, weight.rows() - from);
            float[] sums = scratch[worker].first(UP_ROWS);
            Arrays.fill(sums, 0, rows, 0);
            for (int c = 0; c < weight.columns(); c += TILE) {
                int count = Math.min(TILE, weight.columns() - c);
                for (int r = 0; r < rows; r++) {
                    long offset =
                            (from + r) * weight.rowBytes() + weight.dtype().bytes(c);
                    sums[r] += StoredRows.dot(weight.dtype(), weight.data(), offset, input, c, count);
                }
            }
            for (int r = 0; r < rows; r++) {
                float addend = bias == null ? 0 : bias.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * (from + r));
                out.data().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * (from + r), sums[r] * scale + addend);
            }
        });
    }

    /** {@code out += sum over n of in[n] * weight[n]}, without the rows whose input is zero. */
    void down(Matrix weight, Rows in, Rows out) {
        read(in, StoredRows.inputScale(weight.dtype()));
        int rows = weight.rows();
        int columns = weight.columns();
        int parts = Math.clamp(rows / DOWN_ROWS, 1, MAX_PARTIAL_SUMS);
        if (partials.length < parts * columns) {
            partials = new float[parts * columns];
        }
        pool.run(parts, (part, worker) -> {
            int sumAt = part * columns;
            Arrays.fill(partials, sumAt, sumAt + columns, 0);
            int from = (int) ((long) rows * part / parts);
            int to = (int) ((long) rows * (part + 1) / parts);
            for (int c = 0; c < columns; c += TILE) {
                int count = Math.min(TILE, columns - c);
                for (int n = from; n < to; n++) {
                    if (input[n] != 0) {
                        long offset = n * weight.rowBytes() + weight.dtype().bytes(c);
                        StoredRows.add(weight.dtype(), weight.data(), offset, input[n], partials, sumAt + c, count);
                    }
                }
            }
        });
        join(parts, columns, StoredRows.outputScale(weight.dtype()), out);
    }

    private void join(int parts, int columns, float scale, Rows out) {
        pool.run(Math.ceilDiv(columns, TILE), (piece, worker) -> {
            int from = piece * TILE;
            int count = Math.min(TILE, columns - from);
            float[] sum = scratch[worker].first(TILE);
            Widen.floats(out.data(), from, sum, count);
            for (int part = 0; part < parts; part++) {
                Lanes.addScaled(scale, partials, part * columns + from, sum, 0, count);
            }
            MemorySegment.copy(sum, 0, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * from, count);
        });
    }

    private void read(Rows in, float scale) {
        if (input.length < in.width()) {
            input = new float[in.width()];
        }
        Widen.floats(in.data(), 0, input, in.width());
        if (scale != 1) {
            Lanes.scale(input, 0, scale, in.width());
        }
    }
}
