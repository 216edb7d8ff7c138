package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.HeadRows;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rotary;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import dev.flexgen.engine.exec.ShardActivations.Attention;
import dev.flexgen.engine.model.AttentionSpec;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.Positions;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a model does with the heads of a shard before it attends, and how it scores keys. The same in all layers. */
final class HeadOperations {

    private final int headDim;
    private final int queriesPerKey;
    private final @Nullable Rotary rotary;
    private final Scoring scoring;
    private final float[] slopes;

    HeadOperations(ModelSpec spec) {
        AttentionSpec attention = spec.block(0).attention();
        this.headDim = attention.headDim();
        this.queriesPerKey = attention.heads() / attention.keyHeads();
        this.rotary = attention.positions() instanceof Positions.Rotary it
                ? new Rotary(headDim, it.frequencies(), it.interleaved(), (float)
                        it.scaling().magnitude())
                : null;
        this.slopes = attention.positions() instanceof Positions.Alibi it ? it.slopes(attention.heads()) : new float[0];
        this.scoring = new Scoring((float) (1 / Math.sqrt(headDim)), attention.window(), new float[0]);
    }

    /** {@code q, k, v = up(h)}; each head of q and k is normed and turned, if the model does that. */
    void project(Ops ops, Heads heads, Rows h, Batch batch, Attention rows) {
        ops.upEach(heads.projections(), h, rows.projections());
        List<HeadRows> queriesAndKeys =
                List.of(new HeadRows(rows.query(), heads.queryNorm()), new HeadRows(rows.key(), heads.keyNorm()));
        if (rotary != null) {
            ops.readyHeads(queriesAndKeys, rotary, batch.positions(0));
        } else {
            queriesAndKeys.forEach(some -> norm(ops, some));
        }
    }

    private void norm(Ops ops, HeadRows some) {
        if (some.norm() != null) {
            ops.norm(some.norm(), some.heads(headDim), some.heads(headDim));
        }
    }

    /** For the heads of a shard. */
    Scoring scoring(Shard heads) {
        if (slopes.length == 0) {
            return scoring;
        }
        float[] own = Arrays.copyOfRange(slopes, heads.from() * queriesPerKey, heads.to() * queriesPerKey);
        return new Scoring(scoring.scale(), scoring.window(), own);
    }
}
