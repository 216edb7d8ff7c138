package dev.flexgen.engine.model;

/**
 * The sizes of a transformer.
 *
 * @param layers number of blocks
 * @param width of the residual stream (E)
 * @param heads query heads
 * @param keyHeads key and value heads; fewer than {@code heads} with grouped-query attention
 * @param headDim width of one head (D)
 * @param ffnWidth neurons of the feed-forward block (F)
 * @param vocabulary rows of the token table (V)
 * @param embedding width of the token table's rows (P); differs from {@code width} where projections join them
 * @param positions the most tokens a sequence can have
 */
public record Dimensions(
        int layers,
        int width,
        int heads,
        int keyHeads,
        int headDim,
        int ffnWidth,
        int vocabulary,
        int embedding,
        int positions) {}
