package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.NormSpec;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A head shard's block: query, key and value projections, one row per output, and the output projection, one per input; then the
 * weights with which each head of queries and keys is normed, if the model has them.
 */
public record HeadsLayout(
        MatrixLayout query, MatrixLayout key, MatrixLayout value, MatrixLayout out, Optional<HeadNorms> norms)
        implements BlockLayout<HeadsLayout.Heads> {

    /** Norms over single heads. */
    public record HeadNorms(NormSpec norm, VectorLayout query, VectorLayout key) {}

    /**
     * The matrices of a head shard.
     *
     * @param projections query, key, value
     * @param out one row per dimension of a head's context // [heads * D, E]
     * @param queryNorm over each head of the queries, if there is one
     * @param keyNorm likewise
     */
    public record Heads(
            List<Linear> projections,
            Matrix out,
            @Nullable Norm queryNorm,
            @Nullable Norm keyNorm) {}

    public static HeadsLayout of(WeightEncodings encodings, Shard shard, int layer) {
        ModelSpec spec = encodings.spec();
        int keys = shard.size() * spec.headDim();
        int queries = keys * (spec.heads() / spec.keyHeads());
        MatrixLayout query = projection(encodings, layer, ModelPart.QUERY, queries, 0);
        MatrixLayout key = projection(encodings, layer, ModelPart.KEY, keys, query.end());
        MatrixLayout value = projection(encodings, layer, ModelPart.VALUE, keys, key.end());
        MatrixLayout out = MatrixLayout.after(
                value.end(), encodings.of(ModelPart.ATTENTION_OUT.weight(), layer), queries, spec.width(), false);
        Optional<HeadNorms> norms = spec.block(layer).attention().headNorm().map(norm -> {
            VectorLayout ofQuery = VectorLayout.after(out.end(), spec.headDim());
            return new HeadNorms(norm, ofQuery, VectorLayout.after(ofQuery.end(), spec.headDim()));
        });
        return new HeadsLayout(query, key, value, out, norms);
    }

    private static MatrixLayout projection(WeightEncodings encodings, int layer, ModelPart part, int rows, long from) {
        return MatrixLayout.after(
                from, encodings.of(part.weight(), layer), rows, encodings.spec().width(), encodings.has(part.bias()));
    }

    @Override
    public long bytes() {
        return MatrixLayout.align(norms.map(it -> it.key().end()).orElse(out.end()), PAGE);
    }

    @Override
    public Heads in(MemorySegment block) {
        return new Heads(
                List.of(query.linear(block), key.linear(block), value.linear(block)),
                out.matrix(block),
                norms.map(it -> Norms.of(it.norm(), it.query().in(block), null)).orElse(null),
                norms.map(it -> Norms.of(it.norm(), it.key().in(block), null)).orElse(null));
    }
}
