package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
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
    private static final double LOG2_E = 1.4426950408889634;

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final KvAddresses addresses;
    private final Kernel append;
    private final Kernels open;
    private final Kernels sealed;

    CudaAttention(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.scratch = scratch;
        this.addresses = new KvAddresses(launcher, arguments, scratch);
        this.append = new Kernel(launcher, "rows_append", APPEND_THREADS, 0);
        this.open = new Kernels(launcher, "");
        this.sealed = new Kernels(launcher, "sealed_");
    }

    /** What attends, for caches that seal full blocks and for those that do not. */
    private record Kernels(Kernel one, Kernel four, Kernel any, Kernel prefill64, Kernel prefill80, Kernel prefill128) {
        Kernels(KernelLauncher launcher, String variant) {
            this(
                    new Kernel(launcher, "attend_" + variant + "1", THREADS, MOST_SHARED),
                    new Kernel(launcher, "attend_" + variant + "4", THREADS, MOST_SHARED),
                    new Kernel(launcher, "attend_" + variant + "any", THREADS, MOST_SHARED),
                    new Kernel(launcher, "prefill_" + variant + "64", THREADS, 0),
                    new Kernel(launcher, "prefill_" + variant + "80", THREADS, 0),
                    new Kernel(launcher, "prefill_" + variant + "128", THREADS, 0));
        }
    }

    /** By the encoding and not by what is sealed already, so that a row's bits do not depend on other sequences. */
    private Kernels kernels(KvView cache) {
        return cache.encoding().sealed() == null ? open : sealed;
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
    void appendAndAttend(Rows keys, Rows values, Rows query, List<KvSequence> sequences, float scale, Rows out) {
        if (sequences.stream().allMatch(sequence -> sequence.rows() <= CudaSkinnyMatmul.MOST)) {
            each(sequences, (some, parts) -> attend(keys, values, query, some, parts, scale, out));
        } else {
            append(keys, values, sequences);
            attend(query, sequences, scale, out);
        }
    }

    void attend(Rows query, List<KvSequence> sequences, float scale, Rows out) {
        each(sequences, (some, parts) -> attend(null, null, query, some, parts, scale, out));
    }

    private void attend(
            @Nullable Rows keys,
            @Nullable Rows values,
            Rows query,
            List<KvSequence> sequences,
            List<AttentionPart> parts,
            float scale,
            Rows out) {
        @Nullable Kernel prefill = tile(query, sequences, out);
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
            prefill(prefill, query, tiled, sequences.getFirst().cache(), scale, out);
        }
        split(keys, values, query, few, sequences, scale, out);
    }

    /** The kernel for sequences with many queries, if there are such and they can be taken by tiles. */
    private @Nullable Kernel tile(Rows query, List<KvSequence> sequences, Rows out) {
        KvView cache = sequences.getFirst().cache();
        boolean many = sequences.stream().anyMatch(sequence -> sequence.rows() > CudaSkinnyMatmul.MOST);
        if (!many
                || !CudaMatmul.tensorCores(launcher, cache.dtype())
                || !ShapeChecks.aligned(query.data())
                || !ShapeChecks.aligned(out.data())
                || !aligned(sequences)) {
            return null;
        }
        return switch (cache.headDim()) {
            case 64 -> kernels(cache).prefill64();
            case 80 -> kernels(cache).prefill80();
            case 128 -> kernels(cache).prefill128();
            default -> null;
        };
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

    private void prefill(Kernel kernel, Rows query, List<AttentionPart> parts, KvView cache, float scale, Rows out) {
        int queryHeads = query.width() / cache.headDim();
        for (List<AttentionPart> some : byLaunch(parts)) {
            arguments.clear().pointer(query.data()).pointer(out.data());
            arguments.number(queryHeads / cache.heads()).number((float) (scale * LOG2_E));
            addresses.describe(some);
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
            float scale,
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
        Kernels kernels = kernels(cache);
        Kernel kernel = single ? kernels.one() : vectors ? kernels.four() : kernels.any();
        long partials = scratch.halfBytes() / (4L * (cache.headDim() + 2));
        var limits = new AttentionLaunch.Limits(cache.heads(), group, rows, partials, DeviceScratch.COUNTERS);
        for (AttentionLaunch launch : AttentionLaunch.of(parts, limits)) {
            arguments.clear().pointer(query.data());
            arguments.pointer(keys == null ? null : keys.data()).pointer(values == null ? null : values.data());
            arguments.pointer(out.data()).address(scratch.partials()).address(scratch.counters());
            arguments.number(group).number(launch.head()).number(scale);
            addresses.describe(launch.parts());
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
