package dev.flexgen.engine.plan;

import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;

/**
 * How large the parts of a model are, without its weights. Exact but for alignment, for which {@link #SHARD_SLACK} and
 * {@link #homeBytes()} leave room.
 *
 * @param weights element type of the matrices
 * @param ownHead whether the head is a table of its own and not the token table
 * @param kv encoding of keys and values
 * @param context tokens of a conversation
 * @param stepTokens most tokens of a step
 */
public record ModelSizes(ModelSpec spec, DType weights, boolean ownHead, Encoding kv, int context, int stepTokens) {

    /** What alignment can add to a shard, wherever it lies. */
    static final long SHARD_SLACK = 8192;

    private static final long ALIGNMENT = 256;

    /** Rows of logits at a time where all are wanted: the vocabulary makes them large. */
    public static final int LOGIT_ROWS = 32;

    /** Query heads that share a key head. */
    private int group() {
        return spec.heads() / spec.keyHeads();
    }

    /** Weights of one key-head group of one layer: its rows of the projections, and what leads back. */
    long headBytes() {
        long rows = (long) spec.headDim() * (2L * group() + 2);
        return weights.bytes(rows * spec.width()) + 4L * spec.headDim() * (group() + 2);
    }

    /** Weights of one neuron of one layer. */
    long neuronBytes() {
        return weights.bytes(2L * spec.width()) + 4;
    }

    /** Weights of a layer's shards. */
    long layerBytes() {
        return spec.keyHeads() * headBytes() + spec.ffnWidth() * neuronBytes();
    }

    /** The head's table, which every decoded token reads. */
    long headTableBytes() {
        return weights.bytes((long) spec.vocabulary() * spec.dimensions().embedding());
    }

    /** Weights that a decoded token reads, every neuron active. */
    public long bytesPerToken() {
        return spec.layers() * layerBytes() + headTableBytes();
    }

    /** All weights, and keys and values of a whole conversation. */
    public long bytes() {
        return homeBytes() + spec.layers() * (layerBytes() + spec.keyHeads() * kvBytesPerHead());
    }

    /** Pages of keys and values of a whole conversation. */
    int kvPages() {
        return Math.ceilDiv(context, KvCache.PAGE_TOKENS);
    }

    /** Keys and values of one key-head group of one layer in one page. */
    long kvPageBytesPerHead() {
        return kv.bytes(2L * KvCache.PAGE_TOKENS, spec.headDim());
    }

    /** Keys and values of one key-head group of one layer for a whole conversation. */
    long kvBytesPerHead() {
        return kvPages() * kvPageBytesPerHead();
    }

    /** Tables, norms and biases that no plan cuts. */
    long homeBytes() {
        long bytes = 0;
        for (Role role : Role.values()) {
            if (role.belongsTo(spec) && !role.isCut() && (role != Role.HEAD || ownHead)) {
                long elements = role.shape(spec).elements();
                DType stored = role.shape(spec).rank() == 1 ? DType.F32 : weights;
                bytes += (stored.bytes(elements) + ALIGNMENT) * (role.perLayer() ? spec.layers() : 1);
            }
        }
        return bytes;
    }

    /**
     * Activations at home.
     *
     * @param heads key-head groups of the largest shard
     * @param neurons of the largest shard
     * @param lentHeads key-head groups of the largest shard that home multiplies for another device; 0 if there is none
     */
    long activationBytes(int heads, int neurons, int lentHeads) {
        long perHead = (2L * group() + 2) * spec.headDim();
        long row = 3L * spec.width() + spec.dimensions().embedding() + perHead * heads + neurons;
        long logits = (long) LOGIT_ROWS * (spec.dimensions().embedding() + spec.vocabulary());
        return 4 * (stepTokens * (row + 2 * perHead * lentHeads) + logits);
    }
}
