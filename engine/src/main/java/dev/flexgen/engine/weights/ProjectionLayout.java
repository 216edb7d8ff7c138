package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;

/**
 * The block of a shard that is one matrix: fc1, one row per neuron, with its biases; fc2, one row per neuron too; rows of the
 * output head.
 */
public record ProjectionLayout(MatrixLayout matrix) implements BlockLayout<Linear> {

    /** The first half of a shard of neurons. */
    public static ProjectionLayout up(WeightEncodings encodings, Shard shard, int layer) {
        return of(
                encodings,
                ModelPart.UP.weight(),
                layer,
                shard.size(),
                encodings.spec().width(),
                encodings.has(ModelPart.UP.bias()));
    }

    /** The second half: its biases are added once, whatever the number of shards, and so are not in it. */
    public static ProjectionLayout down(WeightEncodings encodings, Shard shard, int layer) {
        return of(
                encodings,
                ModelPart.DOWN.weight(),
                layer,
                shard.size(),
                encodings.spec().width(),
                false);
    }

    /** Rows of the head's own table, or of the token table that serves as head. */
    public static ProjectionLayout vocabulary(WeightEncodings encodings, Shard shard) {
        Role role = encodings.hasOwnHead() ? ModelPart.HEAD.weight() : ModelPart.TOKENS.weight();
        ModelSpec spec = encodings.spec();
        return of(encodings, role, 0, shard.size(), spec.tokens().width(), false);
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
