package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.weights.ExpertsLayout.Expert;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights where the plan put them. Immutable; {@link #close()} frees them all.
 *
 * @param embedding on the device that looks tokens up
 * @param layers what of each layer is not cut, on the layer's home device
 * @param finalNorm before the head, if the model has one; on the last layer's home device
 * @param projectOut from the residual stream's width to the token table's, if they differ; likewise
 * @param blocks the shards' weights
 * @param memory what {@link #close()} frees
 */
public record ModelWeights(
        Embedding embedding,
        List<Layer> layers,
        @Nullable Norm finalNorm,
        @Nullable Linear projectOut,
        Map<BlockId, WeightBlock<?>> blocks,
        Resources memory)
        implements AutoCloseable {

    /**
     * From ids to the residual stream.
     *
     * @param tokens token table // [V, P]
     * @param positions position table, with the family's offset, if positions are learned // [positions + offset, E]
     * @param projectIn from the token table's width to the residual stream's, if they differ
     * @param norm of the tokens' rows, if there is one
     */
    public record Embedding(
            Matrix tokens,
            @Nullable Matrix positions,
            @Nullable Linear projectIn,
            @Nullable Norm norm) {}

    /**
     * One layer. The biases of its down projections are added once, whatever the number of shards.
     *
     * @param router chooses the layer's experts, if it has any
     */
    public record Layer(
            Norm attentionNorm,
            @Nullable MemorySegment attentionBias,
            Norm ffnNorm,
            @Nullable MemorySegment ffnBias,
            @Nullable Router router) {}

    /**
     * What makes a token's scores of experts.
     *
     * @param correction in host memory, added to the scores to choose; empty for none
     */
    public record Router(Linear scores, float[] correction) {}

    public ModelWeights {
        layers = List.copyOf(layers);
        blocks = Map.copyOf(blocks);
    }

    /** The weights of a shard. */
    public WeightBlock<?> block(BlockId id) {
        WeightBlock<?> block = blocks.get(id);
        if (block == null) {
            throw new IllegalStateException("no such block in the plan: " + id);
        }
        return block;
    }

    /** The weights of a shard of heads. */
    @SuppressWarnings("unchecked") // the component decides the layout: WeightMemory.layout
    public WeightBlock<Heads> heads(BlockId id) {
        return (WeightBlock<Heads>) block(id);
    }

    /** The weights of the first half of a shard of neurons: the gate, if there is one, then the up projection. */
    @SuppressWarnings("unchecked") // the component decides the layout: WeightMemory.layout
    public WeightBlock<List<Linear>> neurons(BlockId id) {
        return (WeightBlock<List<Linear>>) block(id);
    }

    /** The weights of a shard of experts. */
    @SuppressWarnings("unchecked") // the component decides the layout: WeightMemory.layout
    public WeightBlock<List<Expert>> experts(BlockId id) {
        return (WeightBlock<List<Expert>>) block(id);
    }

    /** The weights of a shard of any other component. */
    @SuppressWarnings("unchecked") // the component decides the layout: WeightMemory.layout
    public WeightBlock<Linear> projection(BlockId id) {
        return (WeightBlock<Linear>) block(id);
    }

    /** Bytes that a decode step reads when no neuron is inactive: all but the embedding rows it does not look up, and experts that it does
     * not choose. */
    public long bytesPerToken() {
        long projections = bytes(embedding.projectIn()) + bytes(projectOut);
        return projections
                + blocks.values().stream()
                        .mapToLong(block -> block.layout().readBytes())
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
