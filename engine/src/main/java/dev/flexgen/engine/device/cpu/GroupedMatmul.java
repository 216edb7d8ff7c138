package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Products of a matrix in groups with 1 to {@link SkinnyMatmul#MOST} tokens, on the weights as they are stored. As in {@link
 * SkinnyMatmul}, a token's result is the same bit for bit for any number of threads and whatever other tokens there are.
 */
final class GroupedMatmul {

    /** Rows of an up projection that a thread takes at a time. */
    private static final int UP_ROWS = 36;

    /** Rows that are fetched at a time before they are multiplied: better than none on one machine, no different on another. */
    private static final int BURST = 4;

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
    private final Map<Order, Arrangement> arrangements = new HashMap<>();
    private float[] plain = new float[0]; // [tokens, inputs]
    private float[] inputs = new float[0]; // arranged, for whole tiles of tokens
    private float[] sums = new float[0]; // of the inputs of each group, likewise
    private float[] partials = new float[0];

    /** @param kernel equal to others of its encoding */
    private record Order(GroupKernel kernel, int columns) {}

    GroupedMatmul(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
        this.scales = new GroupScales[pool.threads()];
        Arrays.setAll(scales, _ -> new GroupScales());
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
            readScales(encoding, weight, from, rows, scales[worker]);
            float[] lanes =
                    scratch[worker].third((UP_ROWS + 1) * padded(tokens) * Lanes.WIDTH); // [rows, tokens, WIDTH]
            if (tokens == 1) {
                dots(kernel, weight, from, rows, groups, lanes, worker);
            } else {
                dots(kernel, weight, from, rows, groups, tokens, width, lanes, worker);
            }
            total(scales[worker], rows, tokens, groups, lanes, biases, results);
            for (int t = 0; t < tokens; t++) {
                store(results, t * rows, rows, out, (long) t * out.width() + from);
            }
        });
    }

    private void total(
            GroupScales own, int rows, int tokens, int groups, float[] lanes, float[] biases, float[] results) {
        for (int r = 0; r < rows; r++) {
            for (int t = 0; t < tokens; t++) {
                int at = (r * padded(tokens) + t) * Lanes.WIDTH;
                float sum = own.total(r, groups, sums, t * GroupScales.padded(groups), lanes, at);
                results[t * rows + r] = sum + biases[r];
            }
        }
    }

    /** All at once: many waits for memory at the same time. */
    private static void readScales(Grouped encoding, Matrix weight, int from, int rows, GroupScales scales) {
        int groups = encoding.groups(weight.columns());
        scales.begin(rows, groups);
        for (int r = 0; r < rows; r++) {
            long at = (from + r) * weight.rowBytes() + encoding.scalesAt(weight.columns());
            scales.read(r, encoding, weight.data(), at, groups, 1);
        }
    }

    /** Running sums of one token, which needs two rows at a time. */
    private void dots(GroupKernel kernel, Matrix weight, int from, int rows, int groups, float[] lanes, int worker) {
        GroupScales own = scales[worker];
        for (int r = 0; r < rows; r += GroupKernel.ROWS) {
            long row = (from + r) * weight.rowBytes();
            if (r % BURST == 0) {
                scratch[worker].fetch(weight.data(), row, Math.min(BURST, rows - r) * weight.rowBytes());
            }
            int second = Math.min(r + 1, rows - 1); // a row without a partner is multiplied twice
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
            int rows,
            int groups,
            int tokens,
            int width,
            float[] lanes,
            int worker) {
        GroupScales own = scales[worker];
        for (int r = 0; r < rows; r++) {
            long row = (from + r) * weight.rowBytes();
            for (int t = 0; t < tokens; t += GroupKernel.TOKENS) {
                int at = (r * padded(tokens) + t) * Lanes.WIDTH;
                kernel.dots(weight.data(), row, groups, own.factors(), own.at(r), inputs, t * width, width, lanes, at);
            }
        }
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
        join(arrangement(kernel, weight.columns()), parts, tokens, stride, width, groups, out);
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
        scratch[worker].fetch(weight.data(), row, weight.rowBytes());
        scratch[worker].fetch(weight.data(), secondRow, weight.rowBytes());
        GroupScales own = scales[worker];
        own.begin(GroupKernel.ROWS, groups);
        own.read(0, encoding, weight.data(), row + scalesAt, groups, plain[at + first]);
        own.read(1, encoding, weight.data(), secondRow + scalesAt, groups, secondInput);
        kernel.addRows(weight.data(), row, secondRow, groups, own.factors(), own.at(0), own.at(1), partials, sumAt);
        own.addBases(0, partials, sumAt + width, groups);
        own.addBases(1, partials, sumAt + width, groups);
    }

    private void join(Arrangement order, int parts, int tokens, int stride, int width, int groups, Rows out) {
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
                result[c] += sum[order.places()[from + c] - from] * order.units()[from + c] + base[c / GROUP];
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
        Arrangement order = arrangement(kernel, columns);
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

    private Arrangement arrangement(GroupKernel kernel, int columns) {
        return arrangements.computeIfAbsent(
                new Order(kernel, columns), it -> Arrangement.of(it.kernel(), it.columns()));
    }

    private static float[] grown(float[] array, int length) {
        return array.length < length ? new float[length] : array;
    }

    private static void store(float[] numbers, int from, int count, Rows out, long index) {
        MemorySegment.copy(numbers, from, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, count);
    }
}
