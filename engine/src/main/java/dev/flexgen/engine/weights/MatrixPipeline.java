package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.ElementType;
import java.lang.foreign.MemorySegment;

/**
 * One matrix on its way from a checkpoint into host memory: rows are selected, turned where the layout has one row per input, and
 * encoded. Where the stored type is the wanted one, bytes are copied. Uses all threads of the pool, and besides the target
 * only a few rows of memory a thread. Owned by the loading thread.
 */
final class MatrixPipeline {

    private static final long COPY_BYTES = 4 << 20;
    /** Square tiles of this side stay in the first-level cache while they are turned. */
    private static final int TILE = 32;

    private final WorkerPool pool;
    private final RoleTensor tensor;
    private final Encoding wanted;
    private final MemorySegment source;
    private final int columns;
    private final boolean copies;
    private final float[][] scratch;

    /** @param wanted encoding of the target */
    MatrixPipeline(WorkerPool pool, RoleTensor tensor, Encoding wanted) {
        this.pool = pool;
        this.tensor = tensor;
        this.wanted = wanted;
        this.source = tensor.stored().data();
        this.columns = tensor.columns();
        this.copies = wanted instanceof Encoding.Plain(var type)
                && ElementType.of(type) == tensor.stored().type();
        this.scratch = new float[pool.threads()][];
    }

    /** Writes as many outputs as {@code target} has room for, from {@code from} on, one row for each. */
    void outputs(int from, MemorySegment target) {
        long rowBytes = wanted.rowBytes(columns);
        int rows = Math.toIntExact(target.byteSize() / rowBytes);
        int step = Math.toIntExact(Math.max(1, COPY_BYTES / rowBytes));
        pool.run(Math.ceilDiv(rows, step), (part, worker) -> {
            int first = from + part * step;
            int count = Math.min(step, from + rows - first);
            if (copies) {
                copy(first, count, from, target, rowBytes);
            } else {
                encode(first, count, from, target, rowBytes, worker);
            }
        });
    }

    private void copy(int first, int count, int from, MemorySegment target, long rowBytes) {
        tensor.rows()
                .runs(
                        first,
                        count,
                        (stored, row, length) -> MemorySegment.copy(
                                source, stored * rowBytes, target, (row - from) * rowBytes, length * rowBytes));
    }

    private void encode(int first, int count, int from, MemorySegment target, long rowBytes, int worker) {
        NumberReader reader = new NumberReader(tensor);
        RowEncoder encoder = RowEncoder.of(wanted, tensor);
        float[] numbers = scratch(worker, columns);
        for (int row = first; row < first + count; row++) {
            reader.read(tensor.rows().stored(row) * columns, numbers, 0, columns);
            encoder.encode(numbers, 0, columns, target, (row - from) * rowBytes);
        }
    }

    /** Writes {@code count} inputs from {@code from} on, one row for each: {@code target[i][o] = source[o][from + i]}. */
    void inputs(int from, int count, MemorySegment target) {
        long[] starts = new long[Math.toIntExact(tensor.shape().extent(0))];
        for (int o = 0; o < starts.length; o++) {
            starts[o] = tensor.rows().stored(o) * columns + from;
        }
        pool.run(Math.ceilDiv(count, TILE), (part, worker) -> {
            int first = part * TILE;
            int end = Math.min(count, first + TILE);
            if (copies) {
                turn(starts, first, end, target);
            } else {
                turnAndEncode(starts, first, end, target, worker);
            }
        });
    }

    private void turn(long[] starts, int first, int end, MemorySegment target) {
        TileTurn tile = TileTurn.of(wanted.elementType(), TILE);
        for (int from = 0; from < starts.length; from += TILE) {
            int outputs = Math.min(TILE, starts.length - from);
            for (int o = 0; o < outputs; o++) {
                tile.read(source, starts[from + o] + first, o, end - first);
            }
            for (int i = 0; i < end - first; i++) {
                tile.write(i, outputs, target, (long) (first + i) * starts.length + from);
            }
        }
    }

    /** An encoding may need a whole row at a time, so a tile of inputs has all outputs. */
    private void turnAndEncode(long[] starts, int first, int end, MemorySegment target, int worker) {
        NumberReader reader = new NumberReader(tensor);
        RowEncoder encoder = RowEncoder.of(wanted, tensor);
        int outputs = starts.length;
        int inputs = end - first;
        float[] numbers = scratch(worker, inputs * outputs + TILE);
        int line = inputs * outputs;
        for (int o = 0; o < outputs; o++) {
            reader.read(starts[o] + first, numbers, line, inputs);
            for (int i = 0; i < inputs; i++) {
                numbers[i * outputs + o] = numbers[line + i];
            }
        }
        long rowBytes = wanted.rowBytes(outputs);
        for (int i = 0; i < inputs; i++) {
            encoder.encode(numbers, i * outputs, outputs, target, (first + i) * rowBytes);
        }
    }

    private float[] scratch(int worker, int length) {
        float[] own = scratch[worker];
        if (own == null || own.length < length) {
            own = new float[length];
            scratch[worker] = own;
        }
        return own;
    }
}
