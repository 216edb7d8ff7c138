package dev.flexgen.engine.weights;

import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a model's weights into host memory in the layouts that shards need. The loading thread's.
 */
public record WeightPacker(WeightEncodings encodings, RowSource source) {

    /** Takes one matrix of a block, and the bias behind it. */
    @FunctionalInterface
    private interface Visitor {
        void visit(ModelPart part, int from, MatrixLayout layout);
    }

    /** Fills the block of a shard. */
    public void fill(BlockLayout<?> layout, BlockId id, Shard shard, MemorySegment block) {
        visit(layout, id, shard, (part, from, matrix) -> pack(part, layer(id), from, matrix, block));
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

    /** The pieces of a shard's block in the file of the source. */
    List<WeightLocation.Extent> extents(BlockLayout<?> layout, BlockId id, Shard shard) {
        int layer = layer(id);
        List<WeightLocation.Extent> extents = new ArrayList<>();
        visit(layout, id, shard, (part, from, matrix) -> {
            long bytes = matrix.encoding().bytes(matrix.rows(), matrix.columns());
            extents.add(
                    new WeightLocation.Extent(matrix.weightAt(), source.fileOffset(part.weight(), layer, from), bytes));
            if (matrix.biasAt() != MatrixLayout.NO_BIAS) {
                extents.add(new WeightLocation.Extent(
                        matrix.biasAt(), source.fileOffset(part.bias(), layer, from), 4L * matrix.rows()));
            }
        });
        return extents;
    }

    /** All matrices of a block, with the first output of each, or its first input where it {@linkplain ModelPart#isDown() leads back}. */
    private void visit(BlockLayout<?> layout, BlockId id, Shard shard, Visitor visitor) {
        switch (layout) {
            case HeadsLayout heads -> {
                ModelSpec spec = encodings.spec();
                int keyFrom = shard.from() * spec.headDim();
                int queryFrom = keyFrom * (spec.heads() / spec.keyHeads());
                visitor.visit(ModelPart.QUERY, queryFrom, heads.query());
                visitor.visit(ModelPart.KEY, keyFrom, heads.key());
                visitor.visit(ModelPart.VALUE, keyFrom, heads.value());
                visitor.visit(ModelPart.ATTENTION_OUT, queryFrom, heads.out());
            }
            case ProjectionLayout projection -> visitor.visit(part(id.component()), shard.from(), projection.matrix());
            default -> throw new IllegalStateException("no such layout: " + layout);
        }
    }

    /** Tensors of the whole model count as layer 0's. */
    private static int layer(BlockId id) {
        return id.component() == Component.VOCABULARY ? 0 : id.layer();
    }

    private ModelPart part(Component component) {
        return switch (component) {
            case UP -> ModelPart.UP;
            case DOWN -> ModelPart.DOWN;
            case VOCABULARY -> encodings.hasOwnHead() ? ModelPart.HEAD : ModelPart.TOKENS;
            case HEADS -> throw new IllegalStateException("heads are no projection");
        };
    }
}
