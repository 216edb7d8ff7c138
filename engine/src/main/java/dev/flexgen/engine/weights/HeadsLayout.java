package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Shard;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A head shard's block: query, key and value projections, one row per output, and the output projection, one per input. */
public record HeadsLayout(MatrixLayout query, MatrixLayout key, MatrixLayout value, MatrixLayout out)
        implements BlockLayout<HeadsLayout.Heads> {

    /**
     * The matrices of a head shard.
     *
     * @param projections query, key, value
     * @param out one row per dimension of a head's context // [heads * D, E]
     */
    public record Heads(List<Linear> projections, Matrix out) {}

    public static HeadsLayout of(WeightEncodings encodings, Shard shard, int layer) {
        ModelSpec spec = encodings.spec();
        int keys = shard.size() * spec.headDim();
        int queries = keys * (spec.heads() / spec.keyHeads());
        MatrixLayout query = projection(encodings, layer, ModelPart.QUERY, queries, 0);
        MatrixLayout key = projection(encodings, layer, ModelPart.KEY, keys, query.end());
        MatrixLayout value = projection(encodings, layer, ModelPart.VALUE, keys, key.end());
        MatrixLayout out = MatrixLayout.after(
                value.end(), encodings.of(ModelPart.ATTENTION_OUT.weight(), layer), queries, spec.width(), false);
        return new HeadsLayout(query, key, value, out);
    }

    private static MatrixLayout projection(WeightEncodings encodings, int layer, ModelPart part, int rows, long from) {
        return MatrixLayout.after(
                from, encodings.of(part.weight(), layer), rows, encodings.spec().width(), encodings.has(part.bias()));
    }

    @Override
    public long bytes() {
        return MatrixLayout.align(out.end(), PAGE);
    }

    @Override
    public Heads in(MemorySegment block) {
        return new Heads(List.of(query.linear(block), key.linear(block), value.linear(block)), out.matrix(block));
    }
}
