package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Appending to caches and attending over them, for all sequences of a step in as few launches as their number allows. Many
 * queries of a common head size are taken by tiles on tensor cores; a few, and all other cases, by splitting the cache over the
 * GPU. For up to 16 rows of a sequence a row's result does not depend on any other row.
 */
final class CudaAttention {

    /** More would not leave the shared memory for a block's scores. */
    static final int MOST_HEAD_DIM = 1024;

    private static final int TILE = 64;
    private static final int THREADS = 128;
    private static final int APPEND_THREADS = 256;
    private static final int ROWS = 4;
    private static final int MOST_SHARED = 48 << 10;

    /** Heads between these are tiled as if they were as wide as the second: {@code WIDE} in prefill.cuh. */
    private static final int WIDE = 128;

    private static final int WIDEST = 256;

    /** {@code SLOPES} and {@code Scores} in common.cuh. */
    static final int SLOPES = 256;

    private static final int SCORES_BYTES = 4 + 4 * SLOPES;

    private static final double LOG2_E = 1.4426950408889634;

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final RangeWatch watch;
    private final KvAddresses addresses;
    private final Kernel append;
    private final Kernels open;
    private final Kernels sealed;
    private final Kernels scoredOpen;
    private final Kernels scoredSealed;

    CudaAttention(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch, RangeWatch watch) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.scratch = scratch;
        this.watch = watch;
        this.addresses = new KvAddresses(launcher, arguments, scratch);
        this.append = new Kernel(launcher, "rows_append", APPEND_THREADS, 0);
        this.open = Kernels.of(launcher, "", "");
        this.sealed = Kernels.of(launcher, "", "sealed_");
        this.scoredOpen = Kernels.of(launcher, "scored_", "");
        this.scoredSealed = Kernels.of(launcher, "scored_", "sealed_");
    }

    /**
     * What attends, for caches that seal full blocks and for those that do not, with scores that are only scaled and others.
     *
     * @param prefills by head size; the widest takes what is wider than the others, too
     */
    private record Kernels(Kernel one, Kernel four, Kernel any, Map<Integer, Kernel> prefills) {

        private static final List<Integer> PREFILLS = List.of(64, 80, 96, 128, WIDEST);

        static Kernels of(KernelLauncher launcher, String scored, String sealed) {
            String attend = scored + "attend_" + sealed;
            Map<Integer, Kernel> prefills = new HashMap<>();
            for (int headDim : PREFILLS) {
                prefills.put(headDim, new Kernel(launcher, scored + "prefill_" + sealed + headDim, THREADS, 0));
            }
            return new Kernels(
                    new Kernel(launcher, attend + "1", THREADS, MOST_SHARED),
                    new Kernel(launcher, attend + "4", THREADS, MOST_SHARED),
                    new Kernel(launcher, attend + "any", THREADS, MOST_SHARED),
                    prefills);
        }

        private @Nullable Kernel prefill(int headDim) {
            return prefills.get(headDim > WIDE && headDim < WIDEST ? WIDEST : headDim);
        }
    }

    /** By the encoding and not by what is sealed already, so that a row's bits do not depend on other sequences. */
    private Kernels kernels(KvView cache, Scoring scoring) {
        return cache.encoding().sealed() == null
                ? scoring.isPlain() ? open : scoredOpen
                : scoring.isPlain() ? sealed : scoredSealed;
    }

    /** Something to do for some of a call's sequences, whose addresses have been taken. */
    private interface Action {
        void on(List<KvSequence> some, List<AttentionPart> parts);
    }

    private void each(List<KvSequence> sequences, Action action) {
        int row = 0;
        for (int from = 0; from < sequences.size(); ) {
            int count = KvAddresses.together(sequences, from);
            List<KvSequence> some = sequences.subList(from, from + count);
            addresses.take(some);
            action.on(some, AttentionPart.whole(some, row));
            from += count;
            row += KvSequence.rows(some);
        }
    }

    void append(Rows keys, Rows values, List<KvSequence> sequences) {
        DType dtype = sequences.getFirst().cache().dtype();
        each(sequences, (some, parts) -> append(keys, values, dtype, parts));
    }

    private void append(Rows keys, Rows values, DType dtype, List<AttentionPart> parts) {
        for (List<AttentionPart> some : byLaunch(parts)) {
            arguments.clear().pointer(keys.data()).pointer(values.data());
            addresses.describe(some);
            append.launch(dtype, Math.ceilDiv(keys.width(), APPEND_THREADS), mostRows(some), some.size(), arguments);
        }
    }

    /** The keys and values are stored by the kernel that attends over them, where that is one for a few queries. */
    void appendAndAttend(Rows keys, Rows values, Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        if (sequences.stream().allMatch(sequence -> sequence.rows() <= CudaSkinnyMatmul.MOST)) {
            each(sequences, (some, parts) -> attend(keys, values, query, some, parts, scoring, out));
        } else {
            append(keys, values, sequences);
            attend(query, sequences, scoring, out);
        }
    }

    void attend(Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        each(sequences, (some, parts) -> attend(null, null, query, some, parts, scoring, out));
    }

    private void attend(
            @Nullable Rows keys,
            @Nullable Rows values,
            Rows query,
            List<KvSequence> sequences,
            List<AttentionPart> parts,
            Scoring scoring,
            Rows out) {
        @Nullable Kernel prefill = tile(query, sequences, scoring, out);
        List<AttentionPart> tiled = new ArrayList<>();
        List<AttentionPart> few = new ArrayList<>();
        KvView cache = sequences.getFirst().cache();
        int group = query.width() / cache.headDim() / cache.heads();
        long rowBytes = 4L * (cache.headDim() + 2);
        long mostSpans = scratch.halfBytes() / (rowBytes * Math.ceilDiv(group, ROWS) * ROWS);
        for (AttentionPart part : parts) {
            if (prefill != null && part.rows() > CudaSkinnyMatmul.MOST) {
                tiled.add(part);
            } else {
                few.addAll(part.bySpan(cache.heads(), launcher.multiprocessors(), mostSpans));
            }
        }
        if (prefill != null) {
            prefill(prefill, query, tiled, sequences.getFirst().cache(), scoring, out);
        }
        split(keys, values, query, few, sequences, scoring, out);
    }

    /** The kernel for sequences with many queries, if there are such and they can be taken by tiles. */
    private @Nullable Kernel tile(Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        KvView cache = sequences.getFirst().cache();
        boolean many = sequences.stream().anyMatch(sequence -> sequence.rows() > CudaSkinnyMatmul.MOST);
        if (!many
                || !CudaMatmul.tensorCores(launcher, cache.dtype())
                || watch.wideQueries(cache.dtype())
                || !ShapeChecks.aligned(query.data())
                || !ShapeChecks.aligned(out.data())
                || !aligned(sequences)) {
            return null;
        }
        return kernels(cache, scoring).prefill(cache.headDim());
    }

    /** Whether every key and value begins where 16 bytes may be loaded. */
    private static boolean aligned(List<KvSequence> sequences) {
        KvView shape = sequences.getFirst().cache();
        boolean all = shape.dtype().bytes((long) shape.headDim()) % 16 == 0;
        for (KvSequence sequence : sequences) {
            KvView cache = sequence.cache();
            int blocks = Math.ceilDiv(sequence.length(), cache.blockTokens());
            for (int i = 0; i < blocks && all; i++) {
                all = ShapeChecks.aligned(cache.keys().get(i))
                        && ShapeChecks.aligned(cache.values().get(i));
            }
        }
        return all;
    }

    private void prefill(
            Kernel kernel, Rows query, List<AttentionPart> parts, KvView cache, Scoring scoring, Rows out) {
        int queryHeads = query.width() / cache.headDim();
        for (List<AttentionPart> some : byLaunch(parts)) {
            arguments.clear().pointer(query.data()).pointer(out.data());
            arguments.number(queryHeads / cache.heads()).number((float) (scoring.scale() * LOG2_E));
            arguments.address(watch.queries());
            addresses.describe(some);
            scores(scoring, queryHeads);
            int tiles = Math.ceilDiv(mostRows(some), TILE);
            kernel.launch(cache.dtype(), tiles, queryHeads, some.size(), arguments);
        }
    }

    private void split(
            @Nullable Rows keys,
            @Nullable Rows values,
            Rows query,
            List<AttentionPart> parts,
            List<KvSequence> sequences,
            Scoring scoring,
            Rows out) {
        if (parts.isEmpty()) {
            return;
        }
        KvView cache = sequences.getFirst().cache();
        int group = query.width() / cache.headDim() / cache.heads();
        boolean vectors = aligned(sequences);
        boolean single = vectors && group == 1 && parts.stream().allMatch(part -> part.rows() == 1);
        int rows = single ? 1 : ROWS;
        int piece = vectors ? 16 / cache.dtype().bytes() : 1;
        Kernels kernels = kernels(cache, scoring);
        Kernel kernel = single ? kernels.one() : vectors ? kernels.four() : kernels.any();
        long partials = scratch.halfBytes() / (4L * (cache.headDim() + 2));
        var limits = new AttentionLaunch.Limits(cache.heads(), group, rows, partials, DeviceScratch.COUNTERS);
        for (AttentionLaunch launch : AttentionLaunch.of(parts, limits)) {
            arguments.clear().pointer(query.data());
            arguments.pointer(keys == null ? null : keys.data()).pointer(values == null ? null : values.data());
            arguments.pointer(out.data()).address(scratch.partials()).address(scratch.counters());
            arguments.number(group).number(launch.head()).number(scoring.scale());
            addresses.describe(launch.parts());
            scores(scoring, group * cache.heads());
            int across = 0;
            int width = 0;
            for (AttentionPart part : launch.parts()) {
                across = Math.max(across, part.spans() * Math.ceilDiv(part.rows() * group, rows));
                width = Math.max(width, Math.max(part.span(), part.spans()));
            }
            int shared = 4 * (rows * (cache.headDim() + width) + THREADS * piece);
            kernel.launch(cache.dtype(), across, launch.heads(), launch.parts().size(), THREADS, shared, arguments);
        }
    }

    /** The last argument, for kernels that take it. */
    private void scores(Scoring scoring, int queryHeads) {
        if (scoring.isPlain()) {
            return;
        }
        float[] slopes = scoring.slopes();
        if (slopes.length > 0) {
            ShapeChecks.same("slopes", slopes.length, queryHeads);
        }
        if (slopes.length > SLOPES) {
            throw new IllegalArgumentException(slopes.length + " slopes, at most " + SLOPES);
        }
        MemorySegment scores = arguments.structure(SCORES_BYTES);
        scores.fill((byte) 0);
        scores.set(ValueLayout.JAVA_INT, 0, scoring.window());
        MemorySegment.copy(slopes, 0, scores, ValueLayout.JAVA_FLOAT, 4, slopes.length);
    }

    private static List<List<AttentionPart>> byLaunch(List<AttentionPart> parts) {
        List<List<AttentionPart>> launches = new ArrayList<>();
        for (int from = 0; from < parts.size(); from += KvAddresses.PARTS) {
            launches.add(parts.subList(from, Math.min(parts.size(), from + KvAddresses.PARTS)));
        }
        return launches;
    }

    private static int mostRows(List<AttentionPart> parts) {
        return parts.stream().mapToInt(AttentionPart::rows).max().orElse(0);
    }
}
