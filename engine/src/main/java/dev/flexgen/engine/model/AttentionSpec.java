package dev.flexgen.engine.model;

import java.util.Optional;

/**
 * The attention of a block.
 *
 * @param heads query heads (H)
 * @param keyHeads key and value heads (K); fewer than {@code heads} with grouped-query attention
 * @param headDim width of one head (D)
 * @param inputBias of the query, key and value projections
 * @param outputBias of the projection back to the residual stream
 * @param headNorm over each head of q and k, before positions
 */
public record AttentionSpec(
        int heads,
        int keyHeads,
        int headDim,
        Bias inputBias,
        Bias outputBias,
        Positions positions,
        Optional<NormSpec> headNorm) {}
