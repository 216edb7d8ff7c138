package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.model.RoleTensors;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows of a checkpoint. Turns and encodes them on request.
 *
 * @param closing closes what {@code tensors} reads from
 * @param pool does the copying
 */
public record CheckpointRows(RoleTensors tensors, Runnable closing, WorkerPool pool) implements RowSource {

    /** Rows of all experts of a layer count as rows of one matrix, expert after expert. */
    @Override
    public void rows(Role role, int layer, int from, Encoding encoding, int columns, MemorySegment target) {
        int experts = tensors.experts(role, layer);
        if (experts == 1) {
            rows(tensors.get(role, layer), role, from, encoding, columns, target);
            return;
        }
        long rowBytes = encoding.rowBytes(columns);
        int end = from + Math.toIntExact(target.byteSize() / rowBytes);
        for (int row = from; row < end; ) {
            int each = Math.toIntExact(
                    tensors.shape(role, layer).extent(role.part().isDown() ? 1 : 0));
            int count = Math.min(end, (row / each + 1) * each) - row;
            MemorySegment part = target.asSlice((row - from) * rowBytes, count * rowBytes);
            rows(tensors.get(role, layer, row / each), role, row % each, encoding, columns, part);
            row += count;
        }
    }

    private void rows(RoleTensor tensor, Role role, int from, Encoding encoding, int columns, MemorySegment target) {
        MatrixPipeline pipeline = new MatrixPipeline(pool, tensor, encoding);
        if (role.part().isDown()) {
            pipeline.inputs(from, Math.toIntExact(target.byteSize() / encoding.rowBytes(columns)), target);
        } else {
            pipeline.outputs(from, target);
        }
    }

    @Override
    public void vector(Role role, int layer, int from, MemorySegment target) {
        RoleTensor tensor = tensors.get(role, layer);
        NumberReader reader = new NumberReader(tensor);
        float[] numbers = new float[Math.toIntExact(target.byteSize() / DType.F32.bytes())];
        tensor.rows()
                .runs(
                        from,
                        numbers.length,
                        (stored, row, length) ->
                                reader.read(stored, numbers, Math.toIntExact(row - from), Math.toIntExact(length)));
        MemorySegment.copy(numbers, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, numbers.length);
    }

    @Override
    public void close() {
        closing.run();
    }
}
