package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes a checkpoint's tensors into host memory in the layouts that shards and devices need: up projections as they are
 * published, down projections turned, vectors as F32. Element types stay as stored.
 *
 * @param pool does the copying
 */
public record WeightPacker(ModelTensors tensors, WorkerPool pool) {

    private static final long COPY_BYTES = 4 << 20;

    /** Fills the block of a head shard. */
    public void heads(HeadsLayout layout, Shard shard, int layer, MemorySegment block) {
        ModelSpec spec = tensors.spec();
        int keyFrom = shard.from() * spec.headDim();
        int queryFrom = keyFrom * (spec.heads() / spec.keyHeads());
        pack(ModelPart.QUERY, layer, queryFrom, layout.query(), block);
        pack(ModelPart.KEY, layer, keyFrom, layout.key(), block);
        pack(ModelPart.VALUE, layer, keyFrom, layout.value(), block);
        pack(ModelPart.ATTENTION_OUT, layer, queryFrom, layout.out(), block);
    }

    /** Fills the block of the first half of a neuron shard. */
    public void up(ProjectionLayout layout, Shard shard, int layer, MemorySegment block) {
        pack(ModelPart.UP, layer, shard.from(), layout.matrix(), block);
    }

    /** Fills the block of the second half of a neuron shard. */
    public void down(ProjectionLayout layout, Shard shard, int layer, MemorySegment block) {
        pack(ModelPart.DOWN, layer, shard.from(), layout.matrix(), block);
    }

    /** Fills the block of a shard of the output head. */
    public void vocabulary(ProjectionLayout layout, Shard shard, MemorySegment block) {
        ModelPart part = tensors.hasOwnHead() ? ModelPart.HEAD : ModelPart.TOKENS;
        pack(part, 0, shard.from(), layout.matrix(), block);
    }

    /**
     * Fills a matrix, and the bias behind it if the layout has one, with as many rows as the layout has.
     *
     * @param from the first output, or the first input of a part that {@linkplain ModelPart#isDown() leads back}
     */
    public void pack(ModelPart part, int layer, int from, MatrixLayout layout, MemorySegment block) {
        MemorySegment target = layout.matrix(block).data();
        RoleTensor weight = tensors.get(part.weight(), layer);
        if (part.isDown()) {
            Tensor stored = weight.stored();
            int outputs = Math.toIntExact(weight.shape().extent(0));
            int inputs = Math.toIntExact(weight.shape().extent(1));
            new Transpose(pool, stored.data(), outputs, inputs).columns(weight.dtype(), from, layout.rows(), target);
        } else {
            rows(weight, from, target);
        }
        MemorySegment bias = layout.bias(block);
        if (bias != null) {
            vector(tensors.get(part.bias(), layer), from, bias);
        }
    }

    /** As many rows from {@code from} on as {@code target} has room for. */
    public void rows(RoleTensor tensor, int from, MemorySegment target) {
        long rowBytes = tensor.dtype().bytes(tensor.columns());
        int rows = Math.toIntExact(target.byteSize() / rowBytes);
        int step = Math.toIntExact(Math.max(1, COPY_BYTES / rowBytes));
        MemorySegment source = tensor.stored().data();
        pool.run(Math.ceilDiv(rows, step), (part, worker) -> {
            int first = part * step;
            tensor.rows()
                    .runs(
                            from + first,
                            Math.min(step, rows - first),
                            (stored, row, count) -> MemorySegment.copy(
                                    source, stored * rowBytes, target, (row - from) * rowBytes, count * rowBytes));
        });
    }

    /** As many numbers from {@code from} on as {@code target} has room for, as F32. */
    public static void vector(RoleTensor tensor, int from, MemorySegment target) {
        for (long i = 0; i < target.byteSize() / DType.F32.bytes(); i++) {
            target.setAtIndex(
                    ValueLayout.JAVA_FLOAT,
                    i,
                    element(tensor.stored(), tensor.rows().stored(from + i)));
        }
    }

    private static float element(Tensor tensor, long index) {
        long offset = tensor.dtype().bytes(index);
        return switch (tensor.dtype()) {
            case F32 -> tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset);
            case F16 -> Float.float16ToFloat(tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
            case BF16 -> Float.intBitsToFloat(tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, offset) << 16);
        };
    }
}
