package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The block of the first half of a shard of neurons: one row per neuron of the up projection, with its bias; where the network is
 * gated, those of the gate before it, since the two are read together.
 *
 * @param parts which they are, in order
 */
public record NeuronsLayout(List<ModelPart> parts, List<MatrixLayout> matrices) implements BlockLayout<List<Linear>> {

    public static NeuronsLayout of(WeightEncodings encodings, Shard shard, int layer) {
        List<ModelPart> parts = parts(encodings.spec().block(layer).feedForward());
        List<MatrixLayout> matrices = new ArrayList<>();
        long end = 0;
        for (ModelPart part : parts) {
            MatrixLayout matrix = MatrixLayout.after(
                    end,
                    encodings.of(part.weight(), layer),
                    shard.size(),
                    encodings.spec().width(),
                    encodings.has(part.bias()));
            matrices.add(matrix);
            end = matrix.end();
        }
        return new NeuronsLayout(parts, List.copyOf(matrices));
    }

    private static List<ModelPart> parts(FeedForwardSpec feedForward) {
        return switch (feedForward) {
            case FeedForwardSpec.Plain _ -> List.of(ModelPart.UP);
            case FeedForwardSpec.Gated _ -> List.of(ModelPart.GATE, ModelPart.UP);
            case FeedForwardSpec.Experts _ -> List.of(ModelPart.SHARED_GATE, ModelPart.SHARED_UP);
        };
    }

    @Override
    public long bytes() {
        return MatrixLayout.align(matrices.getLast().end(), PAGE);
    }

    @Override
    public List<Linear> in(MemorySegment block) {
        return matrices.stream().map(matrix -> matrix.linear(block)).toList();
    }
}
