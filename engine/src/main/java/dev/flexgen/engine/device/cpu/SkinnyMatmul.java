package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Products of a matrix with 1 to {@value #MOST} tokens: decoding, bound by how fast memory delivers the weights. One token is
 * multiplied with the weights as they are stored; for several a few rows at a time are decoded once, and stay in the cache.
 *
 * <p>How the work is cut and in which order numbers are added depends on the shape of the matrix alone: a token's result is the
 * same bit for bit for any number of threads and whatever other tokens there are.
 */
final class SkinnyMatmul {

    /** Most tokens; from more on, packing them along the lanes pays. */
    static final int MOST = 16;

    /** Rows of an up projection that a thread takes at a time. */
    private static final int UP_ROWS = 36;

    /** Decoded weights at a time: they wait in the second-level cache. */
    private static final int DECODED = 32 << 10;

    /** Columns at a time of decoded rows: with those of 16 tokens they fit the first-level cache. A multiple of all vectors. */
    private static final int TILE = 1024;

    /** Distance of decoded rows: lines of the same place in two rows must not compete for one place in the cache. */
    private static final int ROW = TILE + 64;

    /** Numbers of a partial sum that a thread joins at a time. */
    private static final int JOINED = 512;

    /** Most rows of a down projection that are decoded at a time. */
    private static final int DOWN_ROWS = 64;

    /** What memory could have delivered while a row that nobody foresaw is waited for, as measured on one core. */
    private static final long GAP_BYTES = 6 << 10;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private float[] inputs = new float[0];
    private float[] packed = new float[0];
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
        if (tokens > 1) {
            pack(padded(tokens), in.width());
        }
        pool.run(Math.ceilDiv(weight.rows(), UP_ROWS), (part, worker) -> {
            int from = part * UP_ROWS;
            int rows = Math.min(UP_ROWS, weight.rows() - from);
            float[] sums = scratch[worker].first(UP_ROWS * tokens); // [tokens, rows]
            if (tokens == 1) {
                dots(weight, from, rows, sums);
            } else {
                dots(weight, from, rows, tokens, sums, scratch[worker]);
            }
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

    private void dots(Matrix weight, int from, int rows, float[] sums) {
        for (int r = 0; r < rows; r++) {
            long offset = (from + r) * weight.rowBytes();
            sums[r] = MixedDot.dot(weight.dtype(), weight.data(), offset, inputs, 0, weight.columns());
        }
    }

    private void dots(Matrix weight, int from, int rows, int tokens, float[] sums, Scratch memory) {
        int columns = weight.columns();
        int stride = padded(tokens) * BatchKernel.SUMS;
        float[] running = memory.third(BatchKernel.OUTPUTS * stride); // [OUTPUTS, tokens, SUMS]
        float[] decoded = memory.second(BatchKernel.OUTPUTS * ROW);
        for (int first = 0; first < rows; first += BatchKernel.OUTPUTS) {
            int count = Math.min(BatchKernel.OUTPUTS, rows - first);
            Arrays.fill(running, 0, BatchKernel.OUTPUTS * stride, 0);
            for (int c = 0; c < columns; c += TILE) {
                int width = Math.min(TILE, columns - c);
                for (int r = 0; r < count; r++) {
                    long offset = (from + first + r) * weight.rowBytes()
                            + weight.dtype().bytes(c);
                    MixedDot.decode(weight.dtype(), weight.data(), offset, decoded, r * ROW, width);
                }
                for (int t = 0; t < tokens; t += BatchKernel.TOKENS) {
                    int at = t * BatchKernel.SUMS;
                    int xo = c * padded(tokens) + t * (width / Lanes.WIDTH * Lanes.WIDTH);
                    BatchKernel.dots(decoded, 0, ROW, packed, xo, width, running, at, stride);
                }
            }
            int tail = columns % Lanes.WIDTH;
            int tailAt = (columns - tail) % TILE; // in the last tile
            for (int t = 0; t < tokens; t++) {
                for (int r = 0; r < count; r++) {
                    int at = r * stride + t * BatchKernel.SUMS;
                    int x = t * columns + columns - tail;
                    sums[t * rows + first + r] =
                            BatchKernel.dot(running, at, decoded, r * ROW + tailAt, inputs, x, tail);
                }
            }
        }
    }

    /** Numbers of {@link BatchKernel#TOKENS} tokens in the order in which {@link BatchKernel#dots} reads them, tile by tile. */
    private void pack(int tokens, int columns) {
        if (packed.length < tokens * columns) {
            packed = new float[tokens * columns];
        }
        for (int c = 0; c < columns; c += TILE) {
            int width = Math.min(TILE, columns - c);
            int whole = width / Lanes.WIDTH * Lanes.WIDTH;
            for (int t = 0; t < tokens; t += BatchKernel.TOKENS) {
                BatchKernel.pack(inputs, t * columns + c, columns, width, packed, c * tokens + t * whole);
            }
        }
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}, without the rows whose inputs are all zero, if they are many. */
    void down(Matrix weight, Rows in, Rows out) {
        read(in, MixedDot.inputScale(weight.dtype()));
        int rows = weight.rows();
        int tokens = in.count();
        int length = tokens * weight.columns();
        int parts = PartialSumCount.of(rows);
        if (partials.length < parts * length) {
            partials = new float[parts * length];
        }
        pool.run(parts, (part, worker) -> {
            Arrays.fill(partials, part * length, (part + 1) * length, 0);
            int from = (int) ((long) rows * part / parts);
            int to = (int) ((long) rows * (part + 1) / parts);
            if (tokens == 1) {
                addActive(weight, from, to, part * length);
            } else {
                addActive(weight, from, to, tokens, part * length, scratch[worker]);
            }
        });
        join(parts, length, MixedDot.outputScale(weight.dtype()), out);
    }

    /** A row behind a gap costs its own bytes and a wait; without gaps the rows stream. Zeros add nothing either way. */
    private void addActive(Matrix weight, int from, int to, int sumAt) {
        int active = 0;
        for (int n = from; n < to; n++) {
            active += inputs[n] == 0 ? 0 : 1;
        }
        boolean skip = active * (weight.rowBytes() + GAP_BYTES) < (to - from) * weight.rowBytes();
        for (int n = from; n < to; n++) {
            if (inputs[n] != 0 || !skip) {
                long offset = n * weight.rowBytes();
                MixedDot.add(weight.dtype(), weight.data(), offset, inputs[n], partials, sumAt, weight.columns());
            }
        }
    }

    private void addActive(Matrix weight, int from, int to, int tokens, int sumAt, Scratch memory) {
        int columns = weight.columns();
        int most =
                Math.clamp(DECODED / columns / BatchKernel.ROWS * (long) BatchKernel.ROWS, BatchKernel.ROWS, DOWN_ROWS);
        float[] decoded = memory.second(most * columns);
        float[] factors = memory.third(tokens * most); // [tokens, most]
        int rows = 0;
        for (int n = from; n < to; n++) {
            boolean active = false;
            for (int t = 0; t < tokens; t++) {
                float factor = inputs[t * weight.rows() + n];
                factors[t * most + rows] = factor;
                active |= factor != 0;
            }
            if (active) {
                MixedDot.decode(weight.dtype(), weight.data(), n * weight.rowBytes(), decoded, rows * columns, columns);
                rows++;
            }
            if (rows == most) {
                addRows(decoded, rows, columns, factors, most, tokens, sumAt);
                rows = 0;
            }
        }
        addRows(decoded, rows, columns, factors, most, tokens, sumAt);
    }

    private void addRows(
            float[] decoded, int rows, int columns, float[] factors, int factorStride, int tokens, int sumAt) {
        int whole = rows / BatchKernel.ROWS * BatchKernel.ROWS;
        for (int c = 0; c < columns; c += TILE) {
            int count = Math.min(TILE, columns - c);
            for (int r = 0; r < whole; r += BatchKernel.ROWS) {
                for (int t = 0; t < tokens - 1; t += 2) {
                    int factor = t * factorStride + r;
                    int y = sumAt + t * columns + c;
                    BatchKernel.addRows(
                            decoded,
                            r * columns + c,
                            columns,
                            factors,
                            factor,
                            factor + factorStride,
                            partials,
                            y,
                            y + columns,
                            count);
                }
            }
            for (int t = 0; t < tokens; t++) {
                boolean paired = t < tokens / 2 * 2;
                for (int r = paired ? whole : 0; r < rows; r++) {
                    float factor = factors[t * factorStride + r];
                    Lanes.addScaled(factor, decoded, r * columns + c, partials, sumAt + t * columns + c, count);
                }
            }
        }
    }

    private void join(int parts, int length, float scale, Rows out) {
        pool.run(Math.ceilDiv(length, JOINED), (piece, worker) -> {
            int from = piece * JOINED;
            int count = Math.min(JOINED, length - from);
            float[] sum = scratch[worker].first(JOINED);
            Convert.floats(out.data(), from, sum, count);
            for (int part = 0; part < parts; part++) {
                Lanes.addScaled(scale, partials, part * length + from, sum, 0, count);
            }
            store(sum, 0, count, out, from);
        });
    }

    private static int padded(int tokens) {
        return Math.ceilDiv(tokens, BatchKernel.TOKENS) * BatchKernel.TOKENS;
    }

    /** Makes room for whole tiles of tokens. Numbers behind the last token are multiplied and never used. */
    private void read(Rows in, float scale) {
        int length = Math.multiplyExact(in.count(), in.width());
        int room = Math.multiplyExact(padded(in.count()), in.width());
        if (inputs.length < room) {
            inputs = new float[room];
        }
        Convert.floats(in.data(), 0, inputs, length);
        Arrays.fill(inputs, length, room, 0);
        if (scale != 1) {
            Lanes.scale(inputs, 0, scale, length);
        }
    }

    private static void store(float[] numbers, int from, int count, Rows out, long index) {
        MemorySegment.copy(numbers, from, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, count);
    }
}
