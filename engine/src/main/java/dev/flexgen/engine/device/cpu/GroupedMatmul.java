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
    private static final int UP_ROWS = 36;

    /** Rows of a down projection behind one partial sum; small matrices have fewer. */
    private static final int DOWN_ROWS = 64;

    private static final int MOST_PARTIAL_SUMS = 32;

    /** Groups of a partial sum that a thread joins at a time. */
    private static final int JOINED = 64;

    /** What memory could have delivered while a row that nobody foresaw is waited for, as measured on one core. */
    private static final long GAP_BYTES = 6 << 10;

    private static final int GROUP = 64;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupScales[] scales;
    private final GroupScales[] secondScales;
    private float[] plain = new float[0]; // [tokens, inputs]
    private float[] inputs = new float[0]; // arranged, for whole tiles of tokens
    private float[] sums = new float[0]; // of the inputs of each group, likewise
    private float[] partials = new float[0];

    GroupedMatmul(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
        this.scales = new GroupScales[pool.threads()];
        this.secondScales = new GroupScales[pool.threads()];
        Arrays.setAll(scales, _ -> new GroupScales());
        Arrays.setAll(secondScales, _ -> new GroupScales());
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
            GroupScales own = scales[worker];
            float[] results = scratch[worker].first(UP_ROWS * padded(tokens)); // [tokens, rows]
            float[] biases = scratch[worker].second(UP_ROWS);
            float[] tile = scratch[worker].third(GroupKernel.TOKENS);
            if (bias != null) {
                Convert.floats(bias, from, biases, rows);
            } else {
                Arrays.fill(biases, 0, rows, 0);
            }
            long scalesAt = encoding.scalesAt(weight.columns());
            int half = Math.ceilDiv(rows, 2);
            for (int r = 0; r < half && tokens == 1; r++) {
                // Neighbours would share pages of memory, which the hardware's prefetcher does not follow two ways.
                int second = Math.min(r + half, rows - 1); // without a partner a row is multiplied twice
                long row = (from + r) * weight.rowBytes();
                long secondRow = (from + second) * weight.rowBytes();
                GroupScales other = secondScales[worker];
                own.read(encoding, weight.data(), row + scalesAt, groups, 1);
                other.read(encoding, weight.data(), secondRow + scalesAt, groups, 1);
                float[] f = own.factors();
                kernel.dotRows(weight.data(), row, f, secondRow, other.factors(), groups, inputs, 0, tile, 0);
                results[r] = tile[0] + own.baseDot(sums, 0, groups) + biases[r];
                results[second] = tile[1] + other.baseDot(sums, 0, groups) + biases[second];
            }
            for (int r = 0; r < rows && tokens > 1; r++) {
                long row = (from + r) * weight.rowBytes();
                own.read(encoding, weight.data(), row + scalesAt, groups, 1);
                for (int t = 0; t < tokens; t += GroupKernel.TOKENS) {
                    kernel.dots(weight.data(), row, groups, own.factors(), inputs, t * width, width, tile, 0);
                    for (int i = 0; i < Math.min(GroupKernel.TOKENS, tokens - t); i++) {
                        float base = own.baseDot(sums, (t + i) * sumWidth, groups);
                        results[(t + i) * rows + r] = tile[i] + base + biases[r];
                    }
                }
            }
            for (int t = 0; t < tokens; t++) {
                store(results, t * rows, rows, out, (long) t * out.width() + from);
            }
        });
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}, without the rows whose inputs are all zero, if they are many. */
    void down(Grouped encoding, Matrix weight, Rows in, Rows out) {
        GroupKernel kernel = GroupKernel.of(encoding);
        int rows = weight.rows();
        int tokens = in.count();
        int groups = encoding.groups(weight.columns());
        int width = kernel.arranged(weight.columns());
        int stride = width + GroupScales.padded(groups); // a token's arranged sums, then its sums of bases
        int parts = Math.clamp(rows / DOWN_ROWS, 1, MOST_PARTIAL_SUMS);
        plain = grown(plain, tokens * rows);
        Convert.floats(in.data(), 0, plain, tokens * rows);
        partials = grown(partials, Math.multiplyExact(parts * tokens, stride));
        pool.run(parts, (part, worker) -> {
            Arrays.fill(partials, part * tokens * stride, (part + 1) * tokens * stride, 0);
            int from = (int) ((long) rows * part / parts);
            int to = (int) ((long) rows * (part + 1) / parts);
            for (int t = 0; t < tokens; t++) {
                addActive(encoding, kernel, weight, from, to, t, (part * tokens + t) * stride, width, worker);
            }
        });
        join(kernel, parts, tokens, stride, width, groups, out);
    }

    /** Pairs of active rows; a row behind a gap costs its own bytes and a wait; without gaps the rows stream. */
    private void addActive(
            Grouped encoding,
            GroupKernel kernel,
            Matrix weight,
            int from,
            int to,
            int token,
            int sumAt,
            int width,
            int worker) {
        int at = token * weight.rows();
        int active = 0;
        for (int n = from; n < to; n++) {
            active += plain[at + n] == 0 ? 0 : 1;
        }
        boolean skip = active * (weight.rowBytes() + GAP_BYTES) < (to - from) * weight.rowBytes();
        int first = -1;
        for (int n = from; n < to; n++) {
            if (plain[at + n] == 0 && skip) {
                continue;
            }
            if (first < 0) {
                first = n;
            } else {
                addPair(encoding, kernel, weight, first, n, plain[at + n], at, sumAt, width, worker);
                first = -1;
            }
        }
        if (first >= 0) {
            addPair(encoding, kernel, weight, first, first, 0, at, sumAt, width, worker);
        }
    }

    private void addPair(
            Grouped encoding,
            GroupKernel kernel,
            Matrix weight,
            int first,
            int second,
            float secondInput,
            int at,
            int sumAt,
            int width,
            int worker) {
        int groups = encoding.groups(weight.columns());
        long scalesAt = encoding.scalesAt(weight.columns());
        long row = first * weight.rowBytes();
        long secondRow = second * weight.rowBytes();
        GroupScales a = scales[worker];
        GroupScales b = secondScales[worker];
        a.read(encoding, weight.data(), row + scalesAt, groups, plain[at + first]);
        b.read(encoding, weight.data(), secondRow + scalesAt, groups, secondInput);
        kernel.addRows(weight.data(), row, a.factors(), secondRow, b.factors(), groups, partials, sumAt);
        a.addBases(partials, sumAt + width, groups);
        b.addBases(partials, sumAt + width, groups);
    }

    private void join(GroupKernel kernel, int parts, int tokens, int stride, int width, int groups, Rows out) {
        int pieces = Math.ceilDiv(groups, JOINED);
        pool.run(pieces * tokens, (piece, worker) -> {
            int token = piece / pieces;
            int firstGroup = piece % pieces * JOINED;
            int from = firstGroup * GROUP; // an even number of groups lies in one piece, arranged or not
            int count = Math.min(JOINED * GROUP, out.width() - from);
            int arranged = Math.min(JOINED * GROUP, width - from);
            int ownGroups = Math.min(JOINED, groups - firstGroup);
            long index = (long) token * out.width() + from;
            float[] result = scratch[worker].first(JOINED * GROUP);
            float[] sum = scratch[worker].second(JOINED * GROUP);
            float[] base = scratch[worker].third(JOINED);
            Arrays.fill(sum, 0, arranged, 0);
            Arrays.fill(base, 0, ownGroups, 0);
            for (int part = 0; part < parts; part++) {
                int at = (part * tokens + token) * stride;
                Lanes.addScaled(1, partials, at + from, sum, 0, arranged);
                Lanes.addScaled(1, partials, at + width + firstGroup, base, 0, ownGroups);
            }
            Convert.floats(out.data(), index, result, count);
            for (int c = 0; c < count; c++) {
                result[c] += sum[kernel.place(from + c) - from] + base[c / GROUP];
            }
            store(result, 0, count, out, index);
        });
    }

    private static int padded(int tokens) {
        return tokens == 1 ? 1 : Math.ceilDiv(tokens, GroupKernel.TOKENS) * GroupKernel.TOKENS;
    }

    /** The inputs in the kernel's order, and their sums by group. What is behind the last token is multiplied and never used. */
    private void arrange(GroupKernel kernel, Rows in, int groups, int width, int sumWidth) {
        int columns = in.width();
        plain = grown(plain, in.count() * columns);
        inputs = grown(inputs, Math.multiplyExact(padded(in.count()), width));
        sums = grown(sums, padded(in.count()) * sumWidth);
        Convert.floats(in.data(), 0, plain, in.count() * columns);
        for (int t = 0; t < in.count(); t++) {
            kernel.arrange(plain, t * columns, columns, inputs, t * width);
            Arrays.fill(sums, t * sumWidth, (t + 1) * sumWidth, 0);
            for (int g = 0; g < groups; g++) {
                float sum = 0;
                for (int c = g * GROUP; c < Math.min(columns, (g + 1) * GROUP); c++) {
                    sum += plain[t * columns + c];
                }
                sums[t * sumWidth + g] = sum;
            }
        }
        Arrays.fill(inputs, in.count() * width, padded(in.count()) * width, 0);
    }

    private static float[] grown(float[] array, int length) {
        return array.length < length ? new float[length] : array;
    }

    private static void store(float[] numbers, int from, int count, Rows out, long index) {
        MemorySegment.copy(numbers, from, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, count);
    }
}
