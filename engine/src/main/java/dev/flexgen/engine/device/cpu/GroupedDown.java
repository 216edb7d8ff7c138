package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Down projections in groups, of one matrix or of some of one width: rows of active inputs are scaled and added, part by part. A part
 * takes rows of every matrix, so that there are no more partial sums than for the tallest. Owned by its pool's owner.
 */
final class GroupedDown {

    /** Groups of a partial sum that a thread joins at a time. */
    private static final int JOINED = 2;

    /** What memory could have delivered while a row that nobody foresaw is waited for, as measured on one core. */
    private static final long GAP_BYTES = 6 << 10;

    private static final int GROUP = 64;
    private static final int MOST_BURST = 32;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupScales[] scales;
    private final Arrangements arrangements;
    private final int mostPartials;
    private final int[][] bursts; // rows that a thread adds next
    private float[] plain = new float[0];
    private float[] partials = new float[0];

    /**
     * A matrix and the rows that it adds something to.
     *
     * @param at where its inputs begin // [rows, rows of the matrix]
     * @param rows of the result, in ascending order
     */
    record Share(Matrix weight, int at, int[] rows) {

        /** Into how many partial sums its rows go. */
        int parts() {
            return PartialSumCount.of(weight.rows());
        }
    }

    /**
     * For the pool's threads.
     *
     * @param mostPartials numbers of partial sums at a time, unless {@link SkinnyMatmul#MOST} rows need more: more rows take turns, and
     *     weights are read again in each
     */
    GroupedDown(WorkerPool pool, Scratch[] scratch, Arrangements arrangements, int mostPartials) {
        this.pool = pool;
        this.scratch = scratch;
        this.scales = new GroupScales[pool.threads()];
        Arrays.setAll(scales, _ -> new GroupScales());
        this.arrangements = arrangements;
        this.mostPartials = mostPartials;
        this.bursts = new int[pool.threads()][MOST_BURST];
    }

    /** Where the caller puts the inputs of what it adds next. */
    float[] inputs(int length) {
        if (plain.length < length) {
            plain = new float[length];
        }
        return plain;
    }

    /** {@code out[row] += sum over shares and n of inputs[share][row][n] * weight[share][n]}, in this order. */
    void add(Grouped encoding, List<Share> shares, Rows out) {
        Matrix first = shares.getFirst().weight();
        int width = GroupKernel.of(encoding).arranged(first.columns());
        int stride = width + GroupScales.padded(encoding.groups(first.columns())); // arranged sums, sums of bases
        int parts = 0;
        for (Share share : shares) {
            parts = Math.max(parts, share.parts());
        }
        int most = Math.max(SkinnyMatmul.MOST, mostPartials / (parts * stride));
        for (int from = 0; from < out.count(); from += most) {
            Rows some = out.slice(from, Math.min(most, out.count() - from));
            add(encoding, shares, from, parts, stride, width, some);
        }
    }

    /** The same for rows from {@code first} on. */
    private void add(Grouped encoding, List<Share> shares, int first, int parts, int stride, int width, Rows out) {
        GroupKernel kernel = GroupKernel.of(encoding);
        int length = Math.multiplyExact(out.count(), stride);
        if (partials.length < parts * length) {
            partials = new float[Math.multiplyExact(parts, length)];
        }
        boolean[] reached = new boolean[out.count()];
        for (Share share : shares) {
            for (int row : share.rows()) {
                if (row >= first && row < first + out.count()) {
                    reached[row - first] = true;
                }
            }
        }
        pool.run(parts, (part, worker) -> {
            for (int row = 0; row < reached.length; row++) {
                if (reached[row]) { // of a prompt, an expert that is fetched alone reaches few
                    int at = part * length + row * stride;
                    Arrays.fill(partials, at, at + stride, 0);
                }
            }
            for (Share share : shares) {
                Matrix weight = share.weight();
                int own = share.parts(); // of this matrix alone, or a row's sums would depend on what others want
                if (part >= own) {
                    continue;
                }
                int from = (int) ((long) weight.rows() * part / own);
                int to = (int) ((long) weight.rows() * (part + 1) / own);
                for (int i = 0; i < share.rows().length; i++) {
                    int row = share.rows()[i] - first;
                    if (row >= 0 && row < out.count()) {
                        int at = share.at() + i * weight.rows();
                        int sumAt = part * length + row * stride;
                        addActive(encoding, kernel, weight, from, to, at, sumAt, width, worker);
                    }
                }
            }
        });
        Matrix weight = shares.getFirst().weight();
        int groups = encoding.groups(weight.columns());
        join(arrangements.of(kernel, weight.columns()), parts, stride, width, groups, reached, out);
    }

    /** Bursts of active rows; a row behind a gap costs its own bytes and a wait; without gaps the rows stream. */
    private void addActive(
            Grouped encoding,
            GroupKernel kernel,
            Matrix weight,
            int from,
            int to,
            int at,
            int sumAt,
            int width,
            int worker) {
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

    private void join(Arrangement order, int parts, int stride, int width, int groups, boolean[] reached, Rows out) {
        int tokens = out.count();
        int pieces = Math.ceilDiv(groups, JOINED);
        pool.run(pieces * tokens, (piece, worker) -> {
            int token = piece / pieces;
            if (!reached[token]) {
                return; // to the last bit: minus zero plus zero is another zero
            }
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
            MemorySegment.copy(result, 0, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, count);
        });
    }
}
