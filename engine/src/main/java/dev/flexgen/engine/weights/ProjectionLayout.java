package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;

/**
 * The block of a shard that is one matrix: the second half of neurons, one row per neuron; rows of the output head, with their biases.
 */
public record ProjectionLayout(MatrixLayout matrix) implements BlockLayout<Linear> {

    /** The second half of neurons: its biases are added once, whatever the number of shards, and so are not in it. */
    public static ProjectionLayout down(WeightEncodings encodings, Shard shard, int layer) {
        return of(
                encodings,
                downPart(encodings.spec(), layer).weight(),
                layer,
                shard.size(),
                encodings.spec().width(),
                false);
    }

    /** Rows of the head's own table, or of the token table that serves as head. */
    public static ProjectionLayout vocabulary(WeightEncodings encodings, Shard shard) {
        Role role = encodings.hasOwnHead() ? ModelPart.HEAD.weight() : ModelPart.TOKENS.weight();
        ModelSpec spec = encodings.spec();
        return of(encodings, role, 0, shard.size(), spec.tokens().width(), encodings.has(ModelPart.HEAD.bias()));
    }

    /** Which part the second half of a layer's neurons is. */
    static ModelPart downPart(ModelSpec spec, int layer) {
        return spec.block(layer).feedForward() instanceof FeedForwardSpec.Experts
                ? ModelPart.SHARED_DOWN
                : ModelPart.DOWN;
    }

    private static ProjectionLayout of(
            WeightEncodings encodings, Role role, int layer, int rows, int columns, boolean bias) {
        return new ProjectionLayout(MatrixLayout.after(0, encodings.of(role, layer), rows, columns, bias));
    }

    @Override
    public long bytes() {
        return MatrixLayout.align(matrix.end(), PAGE);
    }

    @Override
    public Linear in(MemorySegment block) {
        return matrix.linear(block);
    }
}
