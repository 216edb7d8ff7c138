package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.util.Arrays;

/** The down projections of {@link GroupedMatmul}: rows of active inputs are scaled and added, part by part. Owned by its pool's owner. */
final class GroupedDown {

    /** Groups of a partial sum that a thread joins at a time. */
    private static final int JOINED = 8;

    /** What memory could have delivered while a row that nobody foresaw is waited for, as measured on one core. */
    private static final long GAP_BYTES = 6 << 10;

    private static final int GROUP = 64;
    private static final int MOST_BURST = 32;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupScales[] scales;
    private final Arrangements arrangements;
    private final int[][] bursts; // rows that a thread adds next
    private float[] plain = new float[0]; // [tokens, rows]
    private float[] partials = new float[0];

    GroupedDown(WorkerPool pool, Scratch[] scratch, GroupScales[] scales, Arrangements arrangements) {
        this.pool = pool;
        this.scratch = scratch;
        this.scales = scales;
        this.arrangements = arrangements;
        this.bursts = new int[pool.threads()][MOST_BURST];
    }

    void add(Grouped encoding, Matrix weight, Rows in, Rows out) {
        GroupKernel kernel = GroupKernel.of(encoding);
        int rows = weight.rows();
        int tokens = in.count();
        int groups = encoding.groups(weight.columns());
        int width = kernel.arranged(weight.columns());
        int stride = width + GroupScales.padded(groups); // a token's arranged sums, then its sums of bases
        int parts = PartialSumCount.of(rows);
        plain = GroupedMatmul.grown(plain, tokens * rows);
        Convert.floats(in.data(), 0, plain, tokens * rows);
        partials = GroupedMatmul.grown(partials, Math.multiplyExact(parts * tokens, stride));
        pool.run(parts, (part, worker) -> {
            Arrays.fill(partials, part * tokens * stride, (part + 1) * tokens * stride, 0);
            int from = (int) ((long) rows * part / parts);
            int to = (int) ((long) rows * (part + 1) / parts);
            for (int t = 0; t < tokens; t++) {
                addActive(encoding, kernel, weight, from, to, t, (part * tokens + t) * stride, width, worker);
            }
        });
        join(arrangements.of(kernel, weight.columns()), parts, tokens, stride, width, groups, out);
    }

    /** Bursts of active rows; a row behind a gap costs its own bytes and a wait; without gaps the rows stream. */
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
        int[] burst = bursts[worker];
        int most = GroupKernel.burstRows(weight.rowBytes(), MOST_BURST);
        int count = 0;
        for (int n = from; n < to; n++) {
            if (plain[at + n] == 0 && skip) {
                continue;
            }
            burst[count++] = n;
            if (count == most) {
                addBurst(encoding, kernel, weight, count, at, sumAt, width, worker);
                count = 0;
            }
        }
        addBurst(encoding, kernel, weight, count, at, sumAt, width, worker);
    }

    /** Adds the rows listed for this thread. */
    private void addBurst(
            Grouped encoding, GroupKernel kernel, Matrix weight, int count, int at, int sumAt, int width, int worker) {
        int[] burst = bursts[worker];
        for (int i = 0; i < count; i++) {
            scratch[worker].fetch(weight.data(), burst[i] * weight.rowBytes(), weight.rowBytes());
        }
        GroupScales own = scales[worker];
        own.begin(GroupKernel.ROWS, encoding.groups(weight.columns()));
        for (int i = 0; i < count; i += GroupKernel.ROWS) {
            boolean alone = i == count - 1; // a row without a partner is its own, times zero
            int second = alone ? burst[i] : burst[i + 1];
            float secondInput = alone ? 0 : plain[at + second];
            addPair(encoding, kernel, weight, burst[i], second, plain[at + burst[i]], secondInput, sumAt, width, own);
        }
    }

    // The loop and a pair are two methods: in one, the compiler stops inlining in the middle of a kernel,
    // and every vector becomes an object (docs/BENCHMARKS.md).

    private void addPair(
            Grouped encoding,
            GroupKernel kernel,
            Matrix weight,
            int first,
            int second,
            float firstInput,
            float secondInput,
            int sumAt,
            int width,
            GroupScales own) {
        int groups = encoding.groups(weight.columns());
        long scalesAt = encoding.scalesAt(weight.columns());
        long row = first * weight.rowBytes();
        long secondRow = second * weight.rowBytes();
        own.read(0, encoding, weight.data(), row + scalesAt, groups, firstInput);
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
            int from = firstGroup * GROUP; // with an even number of groups a piece is contiguous, arranged or not
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
            GroupedMatmul.store(result, 0, count, out, index);
        });
    }
}
