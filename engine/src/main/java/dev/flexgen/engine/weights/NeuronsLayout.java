package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;

/** A neuron shard's block: the up projection, one row per neuron, and the down projection, likewise. */
public record NeuronsLayout(MatrixLayout up, MatrixLayout down) implements BlockLayout<NeuronsLayout.Neurons> {

    /**
     * The matrices of a neuron shard.
     *
     * @param down one row per neuron // [neurons, E]
     */
    public record Neurons(Linear up, Matrix down) {}

    public static NeuronsLayout of(ModelTensors tensors, Shard shard, int layer) {
        int width = tensors.spec().width();
        MatrixLayout up = MatrixLayout.after(
                0,
                Encoding.of(tensors.get(Role.UP_WEIGHT, layer).dtype()),
                shard.size(),
                width,
                tensors.has(Role.UP_BIAS));
        MatrixLayout down = MatrixLayout.after(
                up.end(), Encoding.of(tensors.get(Role.DOWN_WEIGHT, layer).dtype()), shard.size(), width, false);
        return new NeuronsLayout(up, down);
    }

    @Override
    public long bytes() {
        return MatrixLayout.align(down.end(), PAGE);
    }

    @Override
    public Neurons in(MemorySegment block) {
        return new Neurons(up.linear(block), down.matrix(block));
    }
}
