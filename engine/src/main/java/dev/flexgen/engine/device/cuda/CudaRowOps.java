package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.HeadRows;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Rotary;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What only some families do with rows: gates, rotary positions, and the rows of experts. Owned by the thread that owns the device. */
final class CudaRowOps {

    /** {@code IDS}, {@code PAIRS} and {@code WEIGHED} in rows.cu. */
    private static final int IDS = 512;

    private static final int PAIRS = 256;
    private static final int WEIGHED = 256;

    private static final int THREADS = 256;

    /** {@code MOST_TURNED} in rows.cu, and the heads of a block. */
    private static final int MOST_TURNED = 256;

    private static final int HEADS = 4;
    private static final int HEAD_ROWS_BYTES = 2 * (3 * 8 + 2 * 4);

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final Kernel gate;
    private final Kernel rotate;
    private final Kernel readyHeads;
    private final Kernel gather;
    private final Kernel scatter;

    CudaRowOps(KernelLauncher launcher, KernelArguments arguments) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.gate = new Kernel(launcher, "rows_gate", THREADS, 0);
        this.rotate = new Kernel(launcher, "rows_rotate", PAIRS, 0);
        this.readyHeads = new Kernel(launcher, "rows_heads", HEADS * 32, 0);
        this.gather = new Kernel(launcher, "rows_gather", THREADS, 0);
        this.scatter = new Kernel(launcher, "rows_scatter", THREADS, 0);
    }

    /** @param activation as kernels number it */
    void gate(int activation, Rows by, Rows rows) {
        ShapeChecks.rows(by, rows);
        long numbers = (long) rows.count() * rows.width();
        if (numbers > 0) {
            arguments.clear().pointer(by.data()).pointer(rows.data());
            arguments.number(numbers).number(activation);
            long blocks = Math.min(Math.ceilDiv(numbers, THREADS), 16L * launcher.multiprocessors());
            gate.launch(DType.F32, (int) blocks, 1, 1, arguments);
        }
    }

    /** Positions and frequencies travel as arguments of the launch, as many as have room. */
    void rotate(Rotary rotary, int[] positions, Rows rows) {
        ShapeChecks.same("positions", positions.length, rows.count());
        ShapeChecks.same("row width beyond a multiple of heads", rows.width() % rotary.headDim(), 0);
        int pairs = rotary.frequencies().length;
        for (int from = 0; from < positions.length; from += IDS) {
            int count = Math.min(IDS, positions.length - from);
            for (int first = 0; first < pairs; first += PAIRS) {
                int some = Math.min(PAIRS, pairs - first);
                arguments.clear().pointer(rows.slice(from, count).data());
                arguments.number(rows.width()).number(rotary.headDim());
                arguments.number(pairs).number(first).number(some);
                arguments.number(rotary.interleaved() ? 1 : 0).number(rotary.magnitude());
                ids(positions, from, count, IDS);
                MemorySegment frequencies = arguments.structure(4 * PAIRS);
                MemorySegment.copy(rotary.frequencies(), first, frequencies, ValueLayout.JAVA_FLOAT, 0, some);
                rotate.launch(DType.F32, count, 1, 1, arguments);
            }
        }
    }

    /** As {@link dev.flexgen.engine.device.Ops#readyHeads}; false if there is no kernel for such heads. */
    boolean readyHeads(List<HeadRows> parts, Rotary rotary, int[] positions) {
        @Nullable Norm first = parts.getFirst().norm();
        @Nullable Norm last = parts.getLast().norm();
        @Nullable Norm any = first == null ? last : first;
        if (parts.size() > 2
                || rotary.headDim() > MOST_TURNED
                || (first != null && last != null && !alike(first, last))) {
            return false;
        }
        int heads = 0;
        for (HeadRows part : parts) {
            ShapeChecks.same("positions", positions.length, part.rows().count());
            ShapeChecks.same("row width beyond a multiple of heads", part.rows().width() % rotary.headDim(), 0);
            if (part.norm() != null) {
                ShapeChecks.vector("norm weight", part.norm().weight(), rotary.headDim());
                ShapeChecks.vector("norm bias", part.norm().bias(), rotary.headDim());
            }
            heads += part.rows().width() / rotary.headDim();
        }
        for (int from = 0; from < positions.length; from += IDS) {
            int count = Math.min(IDS, positions.length - from);
            arguments.clear().number(rotary.headDim()).number(any == null ? 0 : any.epsilon());
            arguments.number(any != null && any.kind() == Norm.Kind.LAYER ? 1 : 0);
            arguments.number(rotary.frequencies().length);
            arguments.number(rotary.interleaved() ? 1 : 0).number(rotary.magnitude());
            describe(parts, from, count, rotary.headDim());
            ids(positions, from, count, IDS);
            MemorySegment frequencies = arguments.structure(4 * PAIRS);
            MemorySegment.copy(
                    rotary.frequencies(), 0, frequencies, ValueLayout.JAVA_FLOAT, 0, rotary.frequencies().length);
            readyHeads.launch(DType.F32, Math.ceilDiv(heads, HEADS), count, 1, arguments);
        }
        return true;
    }

    private static boolean alike(Norm norm, Norm other) {
        return norm.kind() == other.kind() && norm.epsilon() == other.epsilon();
    }

    private void describe(List<HeadRows> parts, int from, int count, int headDim) {
        MemorySegment structure = arguments.structure(HEAD_ROWS_BYTES);
        structure.fill((byte) 0);
        for (int i = 0; i < parts.size(); i++) {
            Rows rows = parts.get(i).rows().slice(from, count);
            @Nullable Norm norm = parts.get(i).norm();
            structure.setAtIndex(ValueLayout.JAVA_LONG, i, rows.data().address());
            if (norm != null) {
                structure.setAtIndex(ValueLayout.JAVA_LONG, 2 + i, address(norm.weight()));
                structure.setAtIndex(ValueLayout.JAVA_LONG, 4 + i, address(norm.bias()));
            }
            structure.setAtIndex(ValueLayout.JAVA_INT, 12 + i, rows.width() / headDim);
            structure.setAtIndex(ValueLayout.JAVA_INT, 14 + i, norm == null ? 0 : 1);
        }
    }

    private static long address(@Nullable MemorySegment segment) {
        return segment == null ? 0 : segment.address();
    }

    void gather(Rows in, int[] rows, Rows out) {
        chosen(in, rows, out);
        for (int from = 0; from < rows.length; from += IDS) {
            int count = Math.min(IDS, rows.length - from);
            arguments.clear().pointer(in.data()).pointer(out.slice(from, count).data());
            arguments.number(out.width());
            ids(rows, from, count, IDS);
            gather.launch(DType.F32, Math.ceilDiv(out.width(), THREADS), count, 1, arguments);
        }
    }

    void scatterAdd(Rows in, int[] rows, float[] factors, Rows out) {
        chosen(out, rows, in);
        ShapeChecks.same("factors", factors.length, rows.length);
        for (int from = 0; from < rows.length; from += WEIGHED) {
            int count = Math.min(WEIGHED, rows.length - from);
            arguments.clear().pointer(in.slice(from, count).data()).pointer(out.data());
            arguments.number(out.width());
            MemorySegment weighed = ids(rows, from, count, 2 * WEIGHED);
            MemorySegment.copy(factors, from, weighed, ValueLayout.JAVA_FLOAT, 4L * WEIGHED, count);
            scatter.launch(DType.F32, Math.ceilDiv(out.width(), THREADS), count, 1, arguments);
        }
    }

    /** The next argument: a structure of so many numbers, the first of which are these. */
    private MemorySegment ids(int[] ids, int from, int count, int numbers) {
        MemorySegment structure = arguments.structure(4 * numbers);
        MemorySegment.copy(ids, from, structure, ValueLayout.JAVA_INT, 0, count);
        return structure;
    }

    /** Rows of {@code all}, of which {@code some} has one each. */
    private static void chosen(Rows all, int[] rows, Rows some) {
        ShapeChecks.same("row width", some.width(), all.width());
        ShapeChecks.same("rows", some.count(), rows.length);
        for (int row : rows) {
            if (row < 0 || row >= all.count()) {
                throw new IllegalArgumentException("row " + row + " of " + all.count());
            }
        }
    }
}
