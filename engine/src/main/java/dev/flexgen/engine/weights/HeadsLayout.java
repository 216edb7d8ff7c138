package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.quant.Encoding;
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

    public static HeadsLayout of(StoredTypes types, Shard shard, int layer) {
        ModelSpec spec = types.spec();
        int keys = shard.size() * spec.headDim();
        int queries = keys * (spec.heads() / spec.keyHeads());
        MatrixLayout query = projection(types, layer, ModelPart.QUERY, queries, 0);
        MatrixLayout key = projection(types, layer, ModelPart.KEY, keys, query.end());
        MatrixLayout value = projection(types, layer, ModelPart.VALUE, keys, key.end());
        MatrixLayout out = MatrixLayout.after(
                value.end(),
                Encoding.of(types.type(ModelPart.ATTENTION_OUT.weight(), layer)),
                queries,
                spec.width(),
                false);
        return new HeadsLayout(query, key, value, out);
    }

    private static MatrixLayout projection(StoredTypes types, int layer, ModelPart part, int rows, long from) {
        return MatrixLayout.after(
                from,
                Encoding.of(types.type(part.weight(), layer)),
                rows,
                types.spec().width(),
                types.has(part.bias()));
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
