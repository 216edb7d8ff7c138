package dev.flexgen.engine.weights;

import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;

/**
 * Writes a model's weights into host memory in the layouts that shards need. The loading thread's.
 */
public record WeightPacker(WeightEncodings encodings, RowSource source) {

    /** Fills the block of a head shard. */
    public void heads(HeadsLayout layout, Shard shard, int layer, MemorySegment block) {
        ModelSpec spec = encodings.spec();
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
        ModelPart part = encodings.hasOwnHead() ? ModelPart.HEAD : ModelPart.TOKENS;
        pack(part, 0, shard.from(), layout.matrix(), block);
    }

    /**
     * Fills a matrix, and the bias behind it if the layout has one, with as many rows as the layout has.
     *
     * @param from the first output, or the first input of a part that {@linkplain ModelPart#isDown() leads back}
     */
    public void pack(ModelPart part, int layer, int from, MatrixLayout layout, MemorySegment block) {
        MemorySegment target = layout.matrix(block).data();
        source.rows(part.weight(), layer, from, layout.encoding(), layout.columns(), target);
        MemorySegment bias = layout.bias(block);
        if (bias != null) {
            source.vector(part.bias(), layer, from, bias);
        }
    }
}
