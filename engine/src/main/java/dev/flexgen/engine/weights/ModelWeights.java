package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import dev.flexgen.engine.weights.NeuronsLayout.Neurons;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights where the plan put them. Immutable; {@link #close()} frees them all. What is not cut lies on the home
 * device.
 *
 * @param tokens token table // [V, P]
 * @param positions position table, with the family's offset // [positions + offset, E]
 * @param projectIn from the token table's width to the residual stream's, if they differ
 * @param projectOut and back
 * @param finalNorm before the head, if the model has one
 * @param head // [V, P]; may be {@code tokens}
 * @param memory what {@link #close()} frees
 */
public record ModelWeights(
        Matrix tokens,
        Matrix positions,
        @Nullable Linear projectIn,
        @Nullable Linear projectOut,
        @Nullable Norm finalNorm,
        Linear head,
        List<Layer> layers,
        Resources memory)
        implements AutoCloseable {

    /** One layer. The biases of its down projections are added once, whatever the number of shards. */
    public record Layer(
            Norm attentionNorm,
            List<WeightBlock<Heads>> heads,
            @Nullable MemorySegment attentionBias,
            Norm ffnNorm,
            List<WeightBlock<Neurons>> neurons,
            @Nullable MemorySegment ffnBias) {

        /** All shards, attention first. */
        Stream<WeightBlock<?>> blocks() {
            return Stream.concat(heads.stream(), neurons.stream());
        }
    }

    /** Bytes that a decode step reads when no neuron is inactive: all but the embedding rows it does not look up. */
    public long bytesPerToken() {
        long sum = head.weight().bytes() + bytes(projectIn) + bytes(projectOut);
        return sum
                + layers.stream()
                        .flatMap(Layer::blocks)
                        .mapToLong(block -> block.layout().bytes())
                        .sum();
    }

    private static long bytes(@Nullable Linear linear) {
        return linear == null ? 0 : linear.weight().bytes();
    }

    @Override
    public void close() {
        memory.close();
    }
}
