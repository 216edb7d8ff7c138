package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Appending to a cache and attending over it. Many queries of a common head size are taken by tiles on tensor cores; a few, and
 * all other cases, by splitting the cache over the GPU. The addresses of a cache's blocks travel with the launch.
 */
final class CudaAttention {

    /** More would not leave the shared memory for a block's scores. */
    static final int MOST_HEAD_DIM = 1024;

    /** {@code KV_NEAR} and {@code Kv} in common.cuh. */
    private static final int NEAR = 64;

    private static final int KV_BYTES = 16 * NEAR + 8 + 16;
    private static final int FAR_ENTRIES = 400;

    private static final int TILE = 64;
    private static final int THREADS = 128;
    private static final int ROWS = 4;
    private static final int LEAST_SPAN = 32;
    private static final int MOST_SPAN = 1024;
    private static final int MOST_SHARED = 48 << 10;
    private static final double LOG2_E = 1.4426950408889634;

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final Kernel append;
    private final Kernel table;
    private final Kernel one;
    private final Kernel four;
    private final Kernel any;
    private final Kernel prefill64;
    private final Kernel prefill80;
    private final Kernel prefill128;

    CudaAttention(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.scratch = scratch;
        this.append = new Kernel(launcher, "rows_append", 256, 0);
        this.table = new Kernel(launcher, "rows_table", 256, 0);
        this.one = new Kernel(launcher, "attend_1", THREADS, MOST_SHARED);
        this.four = new Kernel(launcher, "attend_4", THREADS, MOST_SHARED);
        this.any = new Kernel(launcher, "attend_any", THREADS, MOST_SHARED);
        this.prefill64 = new Kernel(launcher, "prefill_64", THREADS, 0);
        this.prefill80 = new Kernel(launcher, "prefill_80", THREADS, 0);
        this.prefill128 = new Kernel(launcher, "prefill_128", THREADS, 0);
    }

    void append(Rows keys, Rows values, KvView cache, int position) {
        int blocks = blocks(cache, position + keys.count());
        writeTable(cache, blocks);
        arguments.clear().pointer(keys.data()).pointer(values.data()).number(position);
        describe(cache, blocks);
        append.launch(cache.dtype(), Math.ceilDiv(keys.width(), 256), keys.count(), 1, arguments);
    }

    void attend(Rows query, KvView cache, int position, float scale, Rows out) {
        int group = query.width() / cache.headDim() / cache.heads();
        int blocks = blocks(cache, position + query.count());
        boolean vectors = cache.dtype().bytes((long) cache.headDim()) % 16 == 0;
        for (int i = 0; i < blocks && vectors; i++) {
            vectors = ShapeChecks.aligned(cache.keys().get(i))
                    && ShapeChecks.aligned(cache.values().get(i));
        }
        writeTable(cache, blocks);
        boolean tiled = query.count() > CudaSkinnyMatmul.MOST
                && vectors
                && ShapeChecks.aligned(query.data())
                && ShapeChecks.aligned(out.data())
                && CudaMatmul.tensorCores(launcher, cache.dtype());
        switch (tiled ? cache.headDim() : 0) {
            case 64 -> prefill(prefill64, query, cache, blocks, position, group, scale, out);
            case 80 -> prefill(prefill80, query, cache, blocks, position, group, scale, out);
            case 128 -> prefill(prefill128, query, cache, blocks, position, group, scale, out);
            default -> split(vectors, query, cache, blocks, position, group, scale, out);
        }
    }

    private void prefill(
            Kernel kernel, Rows query, KvView cache, int blocks, int position, int group, float scale, Rows out) {
        arguments.clear().pointer(query.data()).pointer(out.data());
        arguments.number(position).number(query.count()).number(group).number((float) (scale * LOG2_E));
        describe(cache, blocks);
        kernel.launch(cache.dtype(), Math.ceilDiv(query.count(), TILE), cache.heads() * group, 1, arguments);
    }

    /** By as many tokens at a time as there is scratch memory for the parts of. */
    private void split(
            boolean vectors, Rows query, KvView cache, int blocks, int position, int group, float scale, Rows out) {
        int rows = vectors && query.count() * group == 1 ? 1 : ROWS;
        int piece = vectors ? 16 / cache.dtype().bytes() : 1;
        Kernel kernel = vectors ? rows == 1 ? one : four : any;
        long rowBytes = 4L * (cache.headDim() + 2);
        int at = 0;
        while (at < query.count()) {
            int length = position + query.count();
            int leastSpans = Math.ceilDiv(length, MOST_SPAN);
            long spanBytes = rowBytes * cache.heads() * group * leastSpans; // of a token; rounding up to ROWS aside
            int fit = leastSpans == 1 ? query.count() : (int) Math.max(1, scratch.halfBytes() / spanBytes - ROWS);
            int tokens = Math.min(query.count() - at, Math.min(fit, DeviceScratch.COUNTERS / (cache.heads() * group)));
            int chunks = Math.ceilDiv(tokens * group, rows);
            int span = span(length, tokens == 1 ? 8 : 4, cache.heads() * chunks, rowBytes * rows);
            int spans = Math.ceilDiv(position + at + tokens, span);
            Rows part = query.slice(at, tokens);
            arguments.clear().pointer(part.data()).pointer(out.slice(at, tokens).data());
            arguments.address(scratch.partials()).address(scratch.counters());
            arguments
                    .number(position + at)
                    .number(tokens)
                    .number(group)
                    .number(span)
                    .number(scale);
            describe(cache, blocks);
            int shared = 4 * (rows * (cache.headDim() + Math.max(span, spans)) + THREADS * piece);
            kernel.launch(cache.dtype(), spans, cache.heads(), chunks, THREADS, shared, arguments);
            at += tokens;
        }
    }

    /** Positions for a block, such that every multiprocessor has {@code blocks} and the partial results fit. */
    private int span(int length, int blocks, int problems, long problemBytes) {
        long wanted = Math.ceilDiv((long) blocks * launcher.multiprocessors(), problems);
        long spans = Math.max(1, Math.min(wanted, scratch.halfBytes() / (problemBytes * problems)));
        return Math.clamp(Math.ceilDiv(length, spans), Math.min(LEAST_SPAN, length), MOST_SPAN);
    }

    private static int blocks(KvView cache, int tokens) {
        int blocks = Math.ceilDiv(tokens, cache.blockTokens());
        if (2 * blocks > DeviceScratch.TABLE_ENTRIES) {
            throw new IllegalArgumentException("a cache of " + blocks + " blocks");
        }
        return blocks;
    }

    private void describe(KvView cache, int blocks) {
        MemorySegment kv = arguments.structure(KV_BYTES);
        for (int i = 0; i < Math.min(blocks, NEAR); i++) {
            kv.setAtIndex(ValueLayout.JAVA_LONG, i, cache.keys().get(i).address());
            kv.setAtIndex(ValueLayout.JAVA_LONG, NEAR + i, cache.values().get(i).address());
        }
        kv.setAtIndex(ValueLayout.JAVA_LONG, 2 * NEAR, scratch.table());
        kv.setAtIndex(ValueLayout.JAVA_INT, 4 * NEAR + 2, cache.heads());
        kv.setAtIndex(ValueLayout.JAVA_INT, 4 * NEAR + 3, cache.headDim());
        kv.setAtIndex(ValueLayout.JAVA_INT, 4 * NEAR + 4, cache.blockTokens());
    }

    /** For caches of more blocks than travel with a launch. */
    private void writeTable(KvView cache, int blocks) {
        for (int from = 0; blocks > NEAR && from < 2 * blocks; from += FAR_ENTRIES) {
            int count = Math.min(FAR_ENTRIES, 2 * blocks - from);
            arguments.clear().address(scratch.table()).number(from).number(count);
            MemorySegment entries = arguments.structure(8 * FAR_ENTRIES);
            for (int i = 0; i < count; i++) {
                int entry = from + i;
                MemorySegment block = (entry % 2 == 0 ? cache.keys() : cache.values()).get(entry / 2);
                entries.setAtIndex(ValueLayout.JAVA_LONG, i, block.address());
            }
            table.launch(DType.F32, 1, 1, 1, arguments);
        }
    }
}
