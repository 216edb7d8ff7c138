package dev.flexgen.engine.weights;

import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Role;
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
    private interface Visitor {
        void visit(ModelPart part, int from, MatrixLayout layout);

        /** The weight of a norm, whole. */
        void norm(ModelPart part, VectorLayout layout);
    }

    /** Fills the block of a shard. */
    public void fill(BlockLayout<?> layout, BlockId id, Shard shard, MemorySegment block) {
        visit(layout, id, shard, new Visitor() {
            @Override
            public void visit(ModelPart part, int from, MatrixLayout matrix) {
                pack(part, layer(id), from, matrix, block);
            }

            @Override
            public void norm(ModelPart part, VectorLayout vector) {
                source.vector(part.weight(), layer(id), 0, vector.in(block));
            }
        });
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
            source.vector(biasOf(part), layer, from, bias);
        }
    }

    /** The pieces of a shard's block in the file of the source. */
    List<WeightLocation.Extent> extents(BlockLayout<?> layout, BlockId id, Shard shard) {
        int layer = layer(id);
        List<WeightLocation.Extent> extents = new ArrayList<>();
        visit(layout, id, shard, new Visitor() {
            @Override
            public void visit(ModelPart part, int from, MatrixLayout matrix) {
                long bytes = matrix.encoding().bytes(matrix.rows(), matrix.columns());
                add(matrix.weightAt(), part.weight(), from, bytes);
                if (matrix.biasAt() != MatrixLayout.NO_BIAS) {
                    add(matrix.biasAt(), biasOf(part), from, 4L * matrix.rows());
                }
            }

            @Override
            public void norm(ModelPart part, VectorLayout vector) {
                add(vector.at(), part.weight(), 0, vector.bytes());
            }

            private void add(long at, Role role, int from, long bytes) {
                extents.add(new WeightLocation.Extent(at, source.fileOffset(role, layer, from), bytes));
            }
        });
        return extents;
    }

    /** Rows of the token table that serve as head have the head's biases. */
    private static Role biasOf(ModelPart part) {
        return part == ModelPart.TOKENS ? ModelPart.HEAD.bias() : part.bias();
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
                heads.norms().ifPresent(norms -> {
                    visitor.norm(ModelPart.QUERY_NORM, norms.query());
                    visitor.norm(ModelPart.KEY_NORM, norms.key());
                });
            }
            case NeuronsLayout neurons -> {
                for (int i = 0; i < neurons.parts().size(); i++) {
                    visitor.visit(
                            neurons.parts().get(i),
                            shard.from(),
                            neurons.matrices().get(i));
                }
            }
            case ExpertsLayout experts -> {
                for (int i = 0; i < experts.count(); i++) {
                    long at = i * experts.one().bytes();
                    int from = (experts.first() + i) * experts.one().width();
                    visitor.visit(ModelPart.GATE, from, experts.one().gate().behind(at));
                    visitor.visit(ModelPart.UP, from, experts.one().up().behind(at));
                    visitor.visit(ModelPart.DOWN, from, experts.one().down().behind(at));
                }
            }
            case ProjectionLayout projection -> visitor.visit(part(id), shard.from(), projection.matrix());
            default -> throw new IllegalStateException("no such layout: " + layout);
        }
    }

    /** Tensors of the whole model count as layer 0's. */
    private static int layer(BlockId id) {
        return id.component() == Component.VOCABULARY ? 0 : id.layer();
    }

    private ModelPart part(BlockId id) {
        return switch (id.component()) {
            case DOWN -> ProjectionLayout.downPart(encodings.spec(), id.layer());
            case VOCABULARY -> encodings.hasOwnHead() ? ModelPart.HEAD : ModelPart.TOKENS;
            case HEADS, UP, EXPERTS -> throw new IllegalStateException(id + " is no single matrix");
        };
    }
}
