package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Products of a matrix in groups with 1 to {@link SkinnyMatmul#MOST} tokens, on the weights as they are stored. As in {@link
 * SkinnyMatmul}, a token's result is the same bit for bit for any number of threads and whatever other tokens there are.
 */
final class GroupedMatmul {

    /** Rows of an up projection that a thread takes at a time. */
    private static final int UP_ROWS = 16;

    private static final int GROUP = 64;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupScales[] scales;
    private final Arrangements arrangements = new Arrangements();
    private final GroupedDown down;
    private float[] plain = new float[0]; // [tokens, inputs]
    private float[] inputs = new float[0]; // arranged, for whole tiles of tokens
    private float[] sums = new float[0]; // of the inputs of each group, likewise

    GroupedMatmul(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
        this.scales = new GroupScales[pool.threads()];
        Arrays.setAll(scales, _ -> new GroupScales());
        this.down = new GroupedDown(pool, scratch, scales, arrangements);
    }

    /** {@code out[t][r] = in[t] . weight[r] + bias[r]}. */
    void up(Grouped encoding, Matrix weight, @Nullable MemorySegment bias, Rows in, Rows out) {
        GroupKernel kernel = GroupKernel.of(encoding);
        int groups = encoding.groups(weight.columns());
        int width = kernel.arranged(weight.columns());
        int sumWidth = GroupScales.padded(groups);
        arrange(kernel, in, groups, width, sumWidth);
        int tokens = in.count();
        pool.run(Math.ceilDiv(weight.rows(), UP_ROWS), (part, worker) -> {
            int from = part * UP_ROWS;
            int rows = Math.min(UP_ROWS, weight.rows() - from);
            float[] results = scratch[worker].first(UP_ROWS * tokens); // [tokens, rows]
            float[] biases = scratch[worker].second(UP_ROWS);
            if (bias != null) {
                Convert.floats(bias, from, biases, rows);
            } else {
                Arrays.fill(biases, 0, rows, 0);
            }
            scales[worker].begin(rows, groups);
            float[] lanes =
                    scratch[worker].third(LaneTotals.length((UP_ROWS + 1) * padded(tokens))); // [rows, tokens, WIDTH]
            int most = GroupKernel.burstRows(weight.rowBytes(), UP_ROWS);
            for (int r = 0; r < rows; r += most) {
                int burst = Math.min(most, rows - r);
                scratch[worker].fetch(weight.data(), (from + r) * weight.rowBytes(), burst * weight.rowBytes());
                readScales(encoding, weight, from, r, burst, scales[worker]);
                if (tokens == 1) {
                    dots(kernel, weight, from, r, burst, groups, lanes, scales[worker]);
                } else {
                    dots(kernel, weight, from, r, burst, groups, tokens, width, lanes, scales[worker]);
                }
            }
            total(scales[worker], rows, tokens, groups, lanes, biases, results);
            for (int t = 0; t < tokens; t++) {
                store(results, t * rows, rows, out, (long) t * out.width() + from);
            }
        });
    }

    private void total(
            GroupScales own, int rows, int tokens, int groups, float[] lanes, float[] biases, float[] results) {
        int stride = padded(tokens);
        for (int r = 0; r < rows; r++) {
            for (int t = 0; t < tokens; t++) {
                own.addBases(r, groups, sums, t * GroupScales.padded(groups), lanes, (r * stride + t) * Lanes.WIDTH);
            }
        }
        LaneTotals.fold(lanes, rows * stride);
        for (int r = 0; r < rows; r++) {
            for (int t = 0; t < tokens; t++) {
                results[t * rows + r] = lanes[LaneTotals.at(r * stride + t)] + biases[r];
            }
        }
    }

    /** Of rows that were just fetched: they stand at the rows' ends. */
    private static void readScales(Grouped encoding, Matrix weight, int from, int first, int rows, GroupScales scales) {
        int groups = encoding.groups(weight.columns());
        for (int r = first; r < first + rows; r++) {
            long at = (from + r) * weight.rowBytes() + encoding.scalesAt(weight.columns());
            scales.read(r, encoding, weight.data(), at, groups, 1);
        }
    }

    /** Running sums of one token, which needs two rows at a time. */
    private void dots(
            GroupKernel kernel,
            Matrix weight,
            int from,
            int first,
            int rows,
            int groups,
            float[] lanes,
            GroupScales own) {
        for (int r = first; r < first + rows; r += GroupKernel.ROWS) {
            long row = (from + r) * weight.rowBytes();
            int second = Math.min(r + 1, first + rows - 1); // a row without a partner is multiplied twice
            long secondRow = (from + second) * weight.rowBytes();
            int at = r * Lanes.WIDTH;
            kernel.dotRows(
                    weight.data(),
                    row,
                    secondRow,
                    groups,
                    own.factors(),
                    own.at(r),
                    own.at(second),
                    inputs,
                    0,
                    lanes,
                    at);
        }
    }

    private void dots(
            GroupKernel kernel,
            Matrix weight,
            int from,
            int first,
            int rows,
            int groups,
            int tokens,
            int width,
            float[] lanes,
            GroupScales own) {
        for (int r = first; r < first + rows; r++) {
            long row = (from + r) * weight.rowBytes();
            for (int t = 0; t < tokens; t += GroupKernel.TOKENS) {
                int at = (r * padded(tokens) + t) * Lanes.WIDTH;
                kernel.dots(weight.data(), row, groups, own.factors(), own.at(r), inputs, t * width, width, lanes, at);
            }
        }
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}, without the rows whose inputs are all zero, if they are many. */
    void down(Grouped encoding, Matrix weight, Rows in, Rows out) {
        down.add(encoding, weight, in, out);
    }

    private static int padded(int tokens) {
        return tokens == 1 ? 1 : Math.ceilDiv(tokens, GroupKernel.TOKENS) * GroupKernel.TOKENS;
    }

    /** The inputs in the kernel's order, and their sums by group. What is behind the last token is multiplied and never used. */
    private void arrange(GroupKernel kernel, Rows in, int groups, int width, int sumWidth) {
        int columns = in.width();
        Arrangement order = arrangements.of(kernel, columns);
        plain = grown(plain, in.count() * columns);
        inputs = grown(inputs, Math.multiplyExact(padded(in.count()), width));
        sums = grown(sums, padded(in.count()) * sumWidth);
        Convert.floats(in.data(), 0, plain, in.count() * columns);
        for (int t = 0; t < in.count(); t++) {
            order.apply(plain, t * columns, inputs, t * width);
            Arrays.fill(sums, t * sumWidth, (t + 1) * sumWidth, 0);
            for (int g = 0; g < groups; g++) {
                int from = t * columns + g * GROUP;
                sums[t * sumWidth + g] = sum(plain, from, Math.min(columns - g * GROUP, GROUP));
            }
        }
        Arrays.fill(inputs, in.count() * width, padded(in.count()) * width, 0);
    }

    /** Four sums hide the latency of addition. */
    private static float sum(float[] numbers, int from, int count) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = from;
        for (; i <= from + count - 4; i += 4) {
            a += numbers[i];
            b += numbers[i + 1];
            c += numbers[i + 2];
            d += numbers[i + 3];
        }
        for (; i < from + count; i++) {
            a += numbers[i];
        }
        return (a + b) + (c + d);
    }

    static float[] grown(float[] array, int length) {
        return array.length < length ? new float[length] : array;
    }

    static void store(float[] numbers, int from, int count, Rows out, long index) {
        MemorySegment.copy(numbers, from, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, count);
    }
}
