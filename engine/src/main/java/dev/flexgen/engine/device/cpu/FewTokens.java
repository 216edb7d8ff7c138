package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Products of a matrix with a few tokens: every row is read once, widened into the first-level cache and used for all of them.
 *
 * <p>How the work is cut depends on the shapes alone, so results are the same bit for bit for any number of threads.
 */
final class FewTokens {

    /** Numbers of a row that are widened at a time. */
    private static final int TILE = 2048;

    /** Rows of an up projection that a thread takes at a time. */
    private static final int UP_ROWS = 16;

    /** Rows of a down projection behind one partial sum; small matrices have fewer. */
    private static final int DOWN_ROWS = 64;

    private static final int MAX_PARTIAL_SUMS = 64;

    /** Rows that are added in one pass over the sums. */
    private static final int GROUP = 4;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private float[] inputs = new float[0];
    private float[] partials = new float[0];

    FewTokens(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
    }

    /** {@code out[t][r] = in[t] . weight[r] + bias[r]}. */
    void up(Matrix weight, @Nullable MemorySegment bias, Rows in, Rows out) {
        float[] x = read(in);
        pool.run(Math.ceilDiv(weight.rows(), UP_ROWS), (part, worker) -> {
            float[] tile = scratch[worker].first(TILE);
            int end = Math.min(weight.rows(), (part + 1) * UP_ROWS);
            for (int r = part * UP_ROWS; r < end; r++) {
                float[] sums = scratch[worker].second(in.count());
                Arrays.fill(sums, 0, in.count(), bias == null ? 0 : bias.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * r));
                for (int c = 0; c < weight.columns(); c += TILE) {
                    int count = Math.min(TILE, weight.columns() - c);
                    long offset = r * weight.rowBytes() + weight.dtype().bytes(c);
                    Widen.read(weight.dtype(), weight.data(), offset, tile, 0, count);
                    for (int t = 0; t < in.count(); t++) {
                        sums[t] += Lanes.dot(tile, 0, x, t * in.width() + c, count);
                    }
                }
                for (int t = 0; t < in.count(); t++) {
                    out.data().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * ((long) t * out.width() + r), sums[t]);
                }
            }
        });
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}, without the rows whose inputs are all zero. */
    void down(Matrix weight, Rows in, Rows out) {
        float[] x = read(in);
        int rows = weight.rows();
        int parts = Math.clamp(rows / DOWN_ROWS, 1, MAX_PARTIAL_SUMS);
        int sumLength = in.count() * weight.columns();
        if (partials.length < parts * sumLength) {
            partials = new float[parts * sumLength];
        }
        pool.run(parts, (part, worker) -> {
            Arrays.fill(partials, part * sumLength, (part + 1) * sumLength, 0);
            int from = (int) ((long) rows * part / parts);
            int to = (int) ((long) rows * (part + 1) / parts);
            addRows(weight, x, in, from, to, part * sumLength, scratch[worker]);
        });
        join(parts, sumLength, out);
    }

    /** Adds the active rows of a range to a partial sum, {@value #GROUP} at a time. */
    private void addRows(Matrix weight, float[] x, Rows in, int from, int to, int sumAt, Scratch memory) {
        int[] group = new int[GROUP];
        int size = 0;
        for (int n = from; n < to; n++) {
            if (active(x, in, n)) {
                group[size++] = n;
            }
            if (size == GROUP) {
                addGroup(weight, x, in, group, size, sumAt, memory);
                size = 0;
            }
        }
        addGroup(weight, x, in, group, size, sumAt, memory);
    }

    private void addGroup(Matrix weight, float[] x, Rows in, int[] group, int size, int sumAt, Scratch memory) {
        float[] tile = memory.first(GROUP * TILE);
        float[] factors = memory.second(GROUP);
        for (int c = 0; c < weight.columns(); c += TILE) {
            int count = Math.min(TILE, weight.columns() - c);
            for (int i = 0; i < size; i++) {
                long offset = group[i] * weight.rowBytes() + weight.dtype().bytes(c);
                Widen.read(weight.dtype(), weight.data(), offset, tile, i * TILE, count);
            }
            for (int t = 0; t < in.count(); t++) {
                int y = sumAt + t * weight.columns() + c;
                for (int i = 0; i < size; i++) {
                    factors[i] = x[t * in.width() + group[i]];
                }
                if (size == GROUP) {
                    Lanes.addScaled4(factors, 0, tile, TILE, partials, y, count);
                } else {
                    for (int i = 0; i < size; i++) {
                        Lanes.addScaled(factors[i], tile, i * TILE, partials, y, count);
                    }
                }
            }
        }
    }

    private static boolean active(float[] x, Rows in, int n) {
        for (int t = 0; t < in.count(); t++) {
            if (x[t * in.width() + n] != 0) {
                return true;
            }
        }
        return false;
    }

    private void join(int parts, int sumLength, Rows out) {
        pool.run(Math.ceilDiv(sumLength, TILE), (piece, worker) -> {
            int from = piece * TILE;
            int count = Math.min(TILE, sumLength - from);
            float[] sum = scratch[worker].first(TILE);
            Widen.floats(out.data(), from, sum, count);
            for (int part = 0; part < parts; part++) {
                Lanes.addScaled(1, partials, part * sumLength + from, sum, 0, count);
            }
            MemorySegment.copy(sum, 0, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * from, count);
        });
    }

    private float[] read(Rows in) {
        int length = Math.multiplyExact(in.count(), in.width());
        if (inputs.length < length) {
            inputs = new float[length];
        }
        Widen.floats(in.data(), 0, inputs, length);
        return inputs;
    }
}
