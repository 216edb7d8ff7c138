package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights where the plan put them. Immutable; {@link #close()} frees them all.
 *
 * @param tokens token table // [V, P]
 * @param positions position table, with the family's offset // [positions + offset, E]
 * @param projectIn from the token table's width to the residual stream's, if they differ
 * @param projectOut and back
 * @param finalNorm before the head, if the model has one
 * @param head // [V, P]; may be {@code tokens}
 * @param memory what {@link #close()} frees
 */
record ModelWeights(
        Matrix tokens,
        Matrix positions,
        @Nullable Linear projectIn,
        @Nullable Linear projectOut,
        @Nullable Norm finalNorm,
        Linear head,
        List<Layer> layers,
        Holdings memory)
        implements AutoCloseable {

    /** One block. The biases of its down projections are added once, whatever the number of shards. */
    record Layer(
            Norm attentionNorm,
            List<Heads> heads,
            @Nullable MemorySegment attentionBias,
            Norm ffnNorm,
            List<Neurons> neurons,
            @Nullable MemorySegment ffnBias) {}

    /**
     * A head shard.
     *
     * @param out one row per dimension of a head's context // [heads * D, E]
     */
    record Heads(Shard shard, Linear query, Linear key, Linear value, Matrix out) {}

    /**
     * A neuron shard.
     *
     * @param down one row per neuron // [neurons, E]
     */
    record Neurons(Shard shard, Linear up, Matrix down) {}

    /** Bytes that a decode step reads when no neuron is inactive: all but the embedding rows it does not look up. */
    long bytesPerToken() {
        long sum = head.weight().bytes() + bytes(projectIn) + bytes(projectOut);
        for (Layer layer : layers) {
            for (Heads shard : layer.heads()) {
                sum += bytes(shard.query()) + bytes(shard.key()) + bytes(shard.value());
                sum += shard.out().bytes();
            }
            for (Neurons shard : layer.neurons()) {
                sum += bytes(shard.up()) + shard.down().bytes();
            }
        }
        return sum;
    }

    private static long bytes(@Nullable Linear linear) {
        return linear == null ? 0 : linear.weight().bytes();
    }

    @Override
    public void close() {
        memory.close();
    }
}
