package dev.flexgen.config;

/**
 * The dimensions of a transformer, enough to plan for it and to size its weights without having a file of it.
 *
 * @param width of the residual stream
 * @param kvHeads heads of keys and values; fewer than {@code heads} where several share one
 * @param headDim width of one head
 * @param ffnWidth neurons of one feed-forward block
 * @param vocabSize rows of the embedding table, padding included
 * @param positions longest context in tokens
 * @param embeddingWidth width of the embedding table; less than {@code width} where a projection follows
 */
public record Geometry(
        int layers,
        int width,
        int heads,
        int kvHeads,
        int headDim,
        int ffnWidth,
        int vocabSize,
        int positions,
        int embeddingWidth,
        Activation activation) {}
