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
 * @param window how many positions a token sees, its own included; 0 for all before it
 */
public record AttentionSpec(
        int heads,
        int keyHeads,
        int headDim,
        Bias inputBias,
        Bias outputBias,
        Positions positions,
        Optional<NormSpec> headNorm,
        int window) {

    /** Of tokens that see all before them. */
    public AttentionSpec(
            int heads,
            int keyHeads,
            int headDim,
            Bias inputBias,
            Bias outputBias,
            Positions positions,
            Optional<NormSpec> headNorm) {
        this(heads, keyHeads, headDim, inputBias, outputBias, positions, headNorm, 0);
    }
}
