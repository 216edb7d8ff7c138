package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Products of a matrix with one token or a few: decoding, bound by how fast memory delivers the weights. A row is read from
 * memory for the first token and from the first-level cache for the others.
 *
 * <p>How the work is cut depends on the shapes alone, so results are the same bit for bit for any number of threads.
 */
final class SkinnyMatmul {

    /** Numbers of a token that the first-level cache keeps while rows pass: 16 KiB, or a share of it with more tokens. */
    private static final int TILE = 4096;

    private static final int MIN_TILE = 1024;

    /** Rows of an up projection that a thread takes at a time. */
    private static final int UP_ROWS = 32;

    /** Rows of a down projection behind one partial sum; small matrices have fewer. */
    private static final int DOWN_ROWS = 64;

    /** Tokens times partial sums: enough for many threads, and small beside the matrix. */
    private static final int MAX_PARTIAL_SUMS = 64;

    private static final int MIN_PARTIAL_SUMS = 8;

    /** What memory could have delivered while a row that nobody foresaw is waited for, as measured on one core. */
    private static final long GAP_BYTES = 6 << 10;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private float[] inputs = new float[0];
    private float[] partials = new float[0];

    SkinnyMatmul(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
    }

    /** {@code out[t][r] = in[t] . weight[r] + bias[r]}. */
    void up(Matrix weight, @Nullable MemorySegment bias, Rows in, Rows out) {
        read(in, MixedDot.inputScale(weight.dtype()));
        float scale = MixedDot.outputScale(weight.dtype());
        int tokens = in.count();
        pool.run(Math.ceilDiv(weight.rows(), UP_ROWS), (part, worker) -> {
            int from = part * UP_ROWS;
            int rows = Math.min(UP_ROWS, weight.rows() - from);
            float[] sums = scratch[worker].first(UP_ROWS * tokens); // [tokens, rows]
            dots(weight, from, rows, tokens, sums);
            float[] biases = scratch[worker].second(UP_ROWS);
            if (bias != null) {
                Convert.floats(bias, from, biases, rows);
            } else {
                Arrays.fill(biases, 0, rows, 0);
            }
            for (int t = 0; t < tokens; t++) {
                for (int r = 0; r < rows; r++) {
                    sums[t * rows + r] = sums[t * rows + r] * scale + biases[r];
                }
                store(sums, t * rows, rows, out, (long) t * out.width() + from);
            }
        });
    }

    private void dots(Matrix weight, int from, int rows, int tokens, float[] sums) {
        int columns = weight.columns();
        int tile = tile(tokens);
        Arrays.fill(sums, 0, tokens * rows, 0);
        for (int c = 0; c < columns; c += tile) {
            int count = Math.min(tile, columns - c);
            for (int r = 0; r < rows; r++) {
                long offset = (from + r) * weight.rowBytes() + weight.dtype().bytes(c);
                for (int t = 0; t < tokens; t++) {
                    sums[t * rows + r] +=
                            MixedDot.dot(weight.dtype(), weight.data(), offset, inputs, t * columns + c, count);
                }
            }
        }
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}, without the rows whose inputs are all zero, if they are many. */
    void down(Matrix weight, Rows in, Rows out) {
        read(in, MixedDot.inputScale(weight.dtype()));
        int rows = weight.rows();
        int tokens = in.count();
        int length = tokens * weight.columns();
        int most = Math.max(MIN_PARTIAL_SUMS, MAX_PARTIAL_SUMS / tokens);
        int parts = Math.clamp(rows / DOWN_ROWS, 1, most);
        if (partials.length < parts * length) {
            partials = new float[parts * length];
        }
        pool.run(parts, (part, worker) -> {
            Arrays.fill(partials, part * length, (part + 1) * length, 0);
            int from = (int) ((long) rows * part / parts);
            int to = (int) ((long) rows * (part + 1) / parts);
            addActive(weight, from, to, tokens, part * length);
        });
        join(parts, length, MixedDot.outputScale(weight.dtype()), out);
    }

    private void addActive(Matrix weight, int from, int to, int tokens, int sumAt) {
        int columns = weight.columns();
        boolean skip = skippingPays(weight, from, to, tokens);
        int tile = tile(tokens);
        for (int c = 0; c < columns; c += tile) {
            int count = Math.min(tile, columns - c);
            for (int n = from; n < to; n++) {
                long offset = n * weight.rowBytes() + weight.dtype().bytes(c);
                for (int t = 0; t < tokens; t++) {
                    float factor = inputs[t * weight.rows() + n];
                    if (factor != 0 || !skip) {
                        int at = sumAt + t * columns + c;
                        MixedDot.add(weight.dtype(), weight.data(), offset, factor, partials, at, count);
                    }
                }
            }
        }
    }

    /** A row behind a gap costs its own bytes and a wait; without gaps the rows stream. Zeros add nothing either way. */
    private boolean skippingPays(Matrix weight, int from, int to, int tokens) {
        int active = 0;
        for (int n = from; n < to; n++) {
            boolean zero = true;
            for (int t = 0; t < tokens; t++) {
                zero &= inputs[t * weight.rows() + n] == 0;
            }
            active += zero ? 0 : 1;
        }
        return active * (weight.rowBytes() + GAP_BYTES) < (to - from) * weight.rowBytes();
    }

    private void join(int parts, int length, float scale, Rows out) {
        pool.run(Math.ceilDiv(length, TILE), (piece, worker) -> {
            int from = piece * TILE;
            int count = Math.min(TILE, length - from);
            float[] sum = scratch[worker].first(TILE);
            Convert.floats(out.data(), from, sum, count);
            for (int part = 0; part < parts; part++) {
                Lanes.addScaled(scale, partials, part * length + from, sum, 0, count);
            }
            store(sum, 0, count, out, from);
        });
    }

    private static int tile(int tokens) {
        return Math.max(MIN_TILE, TILE / tokens);
    }

    private void read(Rows in, float scale) {
        int length = Math.multiplyExact(in.count(), in.width());
        if (inputs.length < length) {
            inputs = new float[length];
        }
        Convert.floats(in.data(), 0, inputs, length);
        if (scale != 1) {
            Lanes.scale(inputs, 0, scale, length);
        }
    }

    private static void store(float[] numbers, int from, int count, Rows out, long index) {
        MemorySegment.copy(numbers, from, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, count);
    }
}
