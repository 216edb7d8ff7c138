package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.Role;
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
        up(layout.query(), Role.QUERY_WEIGHT, Role.QUERY_BIAS, layer, queryFrom, block);
        up(layout.key(), Role.KEY_WEIGHT, Role.KEY_BIAS, layer, keyFrom, block);
        up(layout.value(), Role.VALUE_WEIGHT, Role.VALUE_BIAS, layer, keyFrom, block);
        down(layout.out(), Role.ATTENTION_OUT_WEIGHT, layer, queryFrom, block);
    }

    /** Fills the block of the first half of a neuron shard. */
    public void up(ProjectionLayout layout, Shard shard, int layer, MemorySegment block) {
        up(layout.matrix(), Role.UP_WEIGHT, Role.UP_BIAS, layer, shard.from(), block);
    }

    /** Fills the block of the second half of a neuron shard. */
    public void down(ProjectionLayout layout, Shard shard, int layer, MemorySegment block) {
        down(layout.matrix(), Role.DOWN_WEIGHT, layer, shard.from(), block);
    }

    /** Fills the block of a shard of the output head. */
    public void vocabulary(ProjectionLayout layout, Shard shard, MemorySegment block) {
        Role role = tensors.hasOwnHead() ? Role.HEAD : Role.TOKENS;
        rows(tensors.get(role, 0), shard.from(), layout.matrix().matrix(block).data());
    }

    private void up(MatrixLayout part, Role weight, Role bias, int layer, int from, MemorySegment block) {
        rows(tensors.get(weight, layer), from, part.matrix(block).data());
        MemorySegment biasTarget = part.bias(block);
        if (biasTarget != null) {
            vector(tensors.get(bias, layer), from, biasTarget);
        }
    }

    /** Columns {@code from} on of an {@code [outputs, inputs]} tensor, as rows. */
    private void down(MatrixLayout part, Role role, int layer, int from, MemorySegment block) {
        Tensor tensor = tensors.get(role, layer);
        int outputs = Math.toIntExact(tensor.shape().extent(0));
        int inputs = Math.toIntExact(tensor.shape().extent(1));
        new Transpose(pool, tensor.data(), outputs, inputs)
                .columns(tensor.dtype(), from, part.rows(), part.matrix(block).data());
    }

    /** As many rows from {@code from} on as {@code target} has room for. */
    public void rows(Tensor tensor, int from, MemorySegment target) {
        long rowBytes = tensor.dtype().bytes(tensor.shape().extent(1));
        MemorySegment source = tensor.data().asSlice(rowBytes * from, target.byteSize());
        pool.run(Math.toIntExact(Math.ceilDiv(source.byteSize(), COPY_BYTES)), (part, worker) -> {
            long at = part * COPY_BYTES;
            MemorySegment.copy(source, at, target, at, Math.min(COPY_BYTES, source.byteSize() - at));
        });
    }

    /** As many numbers from {@code from} on as {@code target} has room for, as F32. */
    public static void vector(Tensor tensor, int from, MemorySegment target) {
        for (long i = 0; i < target.byteSize() / DType.F32.bytes(); i++) {
            target.setAtIndex(ValueLayout.JAVA_FLOAT, i, element(tensor, from + i));
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
