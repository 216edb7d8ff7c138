package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.HeadRows;
import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rotary;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Calls every operation with shapes on both sides of every choice between kernels, on memory that nothing looks into. */
final class AllLaunches {

    private static final int[] TOKENS = {1, 2, 4, 5, 8, 9, 16, 17, 64, 65, 300};
    private static final int[][] MATRICES = {{7, 33}, {64, 48}, {40, 2304}, {2304, 40}};
    private static final int[] HEAD_SIZES = {33, 40, 64, 80, 96, 128, 136, 256};

    private final Arena arena;

    AllLaunches(Arena arena) {
        this.arena = arena;
    }

    void on(Ops ops) {
        KvView blocks = cache(KvEncoding.F16, 2, 64, 64, 64);
        MemorySegment page = blocks.keys().getFirst();
        KvSealing sealing = new KvSealing(
                KvEncoding.Q4,
                2,
                64,
                page,
                page,
                page.asSlice(0, 2L * PageFormat.Q4.keyBytes(64)),
                page.asSlice(0, 2L * PageFormat.Q4.valueBytes(64)));
        ops.seal(Collections.nCopies(33, sealing));
        for (int tokens : TOKENS) {
            Rows rows = rows(tokens, 48);
            MemorySegment vector = rows(1, 48).data();
            ops.norm(new Norm(1e-5f, vector, null), rows, rows);
            ops.add(rows, rows);
            ops.copy(rows, rows);
            ops.addBias(vector, rows);
            ops.activate(Activation.GELU, rows);
            ops.gate(Activation.SILU, rows, rows);
            int[] ids = IntStream.range(0, tokens).toArray();
            ops.rotate(new Rotary(24, new float[5], true), ids, rows);
            ops.readyHeads(List.of(new HeadRows(rows, null)), new Rotary(24, new float[5], true), ids);
            ops.gather(rows, ids, rows);
            ops.scatterAdd(rows, ids, new float[tokens], rows);
            for (Encoding encoding : Encoding.ALL) {
                experts(ops, encoding, tokens);
                projections(ops, encoding, tokens);
            }
            attention(ops, KvEncoding.Q4, tokens);
            for (Encoding encoding : Cublas.ENCODINGS) {
                attention(ops, KvEncoding.of(encoding), tokens);
            }
        }
    }

    private void projections(Ops ops, Encoding encoding, int tokens) {
        for (int[] shape : MATRICES) {
            Matrix matrix = matrix(encoding, shape[0], shape[1]);
            Linear linear = new Linear(matrix, rows(1, shape[0]).data());
            Rows narrow = rows(tokens, shape[0]);
            Rows wide = rows(tokens, shape[1]);
            ops.up(linear, wide, narrow);
            ops.up(linear, Activation.RELU, wide, narrow);
            ops.upEach(List.of(linear, linear, linear, linear), wide, List.of(narrow, narrow, narrow, narrow));
            ops.down(matrix, narrow, wide);
            ops.embed(matrix, new int[tokens], wide);
            ops.embedAdd(matrix, new int[tokens], wide);
        }
    }

    /** Each row has one expert, or all have the same three. */
    private void experts(Ops ops, Encoding encoding, int tokens) {
        Matrix matrix = matrix(encoding, 40, 48);
        List<Linear> projections = List.of(new Linear(matrix, null), new Linear(matrix, null));
        int[] all = IntStream.range(0, tokens).toArray();
        List<RoutedExpert> own = IntStream.range(0, tokens)
                .mapToObj(row -> new RoutedExpert(projections, matrix, new int[] {row}, new float[1]))
                .toList();
        RoutedExpert everyones = new RoutedExpert(projections, matrix, all, new float[tokens]);
        Rows rows = rows(tokens, 48);
        ops.experts(Activation.SILU, own, rows, rows);
        ops.experts(Activation.SILU, Collections.nCopies(3, everyones), rows, rows);
    }

    private void attention(Ops ops, KvEncoding encoding, int tokens) {
        for (int size : HEAD_SIZES) {
            KvView cache = cache(encoding, 2, size, 64, 80 * 64);
            for (int position : new int[] {0, 100, 4500}) {
                Rows keys = rows(tokens, 2 * size);
                for (List<KvSequence> sequences : sequences(cache, position, tokens)) {
                    ops.append(keys, keys, sequences);
                    ops.attend(keys, sequences, 1, keys);
                    Rows query = rows(tokens, 6 * size);
                    ops.attend(query, sequences, 1, query);
                    ops.attend(keys, sequences, new Scoring(1, 9, new float[0]), keys);
                    ops.attend(query, sequences, new Scoring(1, 0, new float[6]), query);
                }
            }
        }
    }

    /** The rows as one sequence, as one each, and as one with most beside some with one each. */
    private static List<List<KvSequence>> sequences(KvView cache, int position, int tokens) {
        List<KvSequence> single = Collections.nCopies(tokens, new KvSequence(cache, position, 1));
        List<KvSequence> mixed = new ArrayList<>(single.subList(0, Math.min(3, tokens - 1)));
        mixed.add(mixed.size() / 2, new KvSequence(cache, position, tokens - mixed.size()));
        return List.of(List.of(new KvSequence(cache, position, tokens)), single, mixed);
    }

    Rows rows(int count, int width) {
        return new Rows(arena.allocate(4L * count * width, 256), count, width);
    }

    Matrix matrix(Encoding encoding, int rows, int columns) {
        return new Matrix(encoding, rows, columns, arena.allocate(encoding.bytes(rows, columns), 256));
    }

    KvView cache(Encoding encoding, int heads, int headSize, int blockTokens, int tokens) {
        return cache(KvEncoding.of(encoding), heads, headSize, blockTokens, tokens);
    }

    private KvView cache(KvEncoding encoding, int heads, int headSize, int blockTokens, int tokens) {
        MemorySegment block = arena.allocate(encoding.open().bytes((long) heads * blockTokens, headSize), 256);
        List<MemorySegment> blocks = new ArrayList<>();
        for (int i = 0; i < Math.ceilDiv(tokens, blockTokens); i++) {
            blocks.add(block);
        }
        return new KvView(encoding, heads, headSize, blockTokens, blocks, blocks, 0);
    }
}
