package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes a checkpoint's tensors into host memory in the layouts that shards and devices need: up projections with one row per
 * output, down projections with one row per input, vectors as F32. The loading thread's.
 *
 * @param pool does the copying
 */
public record WeightPacker(ModelTensors tensors, WorkerPool pool) {

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
        MatrixPipeline pipeline = new MatrixPipeline(pool, tensors.get(part.weight(), layer), layout.encoding());
        if (part.isDown()) {
            pipeline.inputs(from, layout.rows(), target);
        } else {
            pipeline.outputs(from, target);
        }
        MemorySegment bias = layout.bias(block);
        if (bias != null) {
            vector(tensors.get(part.bias(), layer), from, bias);
        }
    }

    /** As many rows from {@code from} on as {@code target} has room for. */
    public void rows(RoleTensor tensor, Encoding encoding, int from, MemorySegment target) {
        new MatrixPipeline(pool, tensor, encoding).outputs(from, target);
    }

    /** As many numbers from {@code from} on as {@code target} has room for, as F32. */
    public static void vector(RoleTensor tensor, int from, MemorySegment target) {
        NumberReader reader = new NumberReader(tensor);
        float[] one = new float[1];
        for (long i = 0; i < target.byteSize() / DType.F32.bytes(); i++) {
            reader.read(tensor.rows().stored(from + i), one, 0, 1);
            target.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, one[0]);
        }
    }
}
