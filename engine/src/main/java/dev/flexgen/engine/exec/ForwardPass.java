package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.model.Features.NormPlace;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.weights.ModelWeights;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Takes a step of tokens through the model:
 *
 * <pre>
 *   x = tokens[id] + positions[p]
 *   for each layer:
 *     h = norm(x);  for each head shard:    q, k, v = up(h);  x += down(attend(q, KV))
 *     h = norm(x);  for each neuron shard:  x += down(activate(up(h)))
 *   logits = norm(x) head
 * </pre>
 *
 * The residual stream x lives on the home device. Of each half of a layer, home is asked for its shards first; while it
 * computes, the other devices compute theirs, and their partial sums are added. Every layer is taken for all tokens of the
 * step before the next. One layer is a method of its own: the seam where several steps, each with a workspace, can share a
 * layer's weights while they are at hand. Owned by the engine's thread.
 */
final class ForwardPass {

    private final ModelSpec spec;
    private final Plan plan;
    private final ModelWeights weights;
    private final Activations space;
    private final DeviceGroup group;
    private final Ops ops;
    private final AttentionSublayer attention;
    private final FeedForwardSublayer feedForward;

    /** The last half's bias, which the next operation on the residual stream adds. */
    private @Nullable MemorySegment owed;

    ForwardPass(ModelSpec spec, Plan plan, ModelWeights weights, DeviceGroup group, Activations space) {
        this.spec = spec;
        this.plan = plan;
        this.weights = weights;
        this.space = space;
        this.group = group;
        this.ops = group.home().ops();
        this.attention = new AttentionSublayer(group, (float) (1 / Math.sqrt(spec.headDim())));
        this.feedForward = new FeedForwardSublayer(group, spec.features().activation());
    }

    /**
     * Computes the batch's residual stream and writes its keys and values to the caches, which have room for them.
     *
     * @return false if every sequence was cancelled on the way; then nothing of it may be used
     */
    boolean run(Batch batch) {
        Regime regime = plan.regime(batch.rows());
        group.begin(regime);
        owed = null;
        embed(batch);
        for (int i = 0; i < weights.layers().size(); i++) {
            if (!layer(i, batch, regime)) {
                return false;
            }
        }
        if (owed != null) {
            ops.addBias(owed, space.residual(batch.rows()));
        }
        return true;
    }

    private void embed(Batch batch) {
        Rows x = space.residual(batch.rows());
        if (weights.projectIn() == null) {
            ops.embed(weights.tokens(), batch.tokens(), x);
        } else {
            Rows narrow = space.embedded(batch.rows());
            ops.embed(weights.tokens(), batch.tokens(), narrow);
            ops.up(weights.projectIn(), narrow, x);
        }
        ops.embedAdd(weights.positions(), batch.positions(spec.features().positionOffset()), x);
    }

    private boolean layer(int index, Batch batch, Regime regime) {
        ModelWeights.Layer layer = weights.layers().get(index);
        Rows x = space.residual(batch.rows());
        Rows h = space.normed(batch.rows());

        if (batch.cancelled()) {
            return false;
        }
        enterHalf(layer.attentionNorm(), x, h);
        attention.run(layer.heads(), index, batch, regime, h, x);
        leaveHalf(layer.attentionNorm(), layer.attentionBias(), x);

        if (batch.cancelled()) {
            return false;
        }
        enterHalf(layer.ffnNorm(), x, h);
        feedForward.run(layer.neurons(), regime, h, x);
        leaveHalf(layer.ffnNorm(), layer.ffnBias(), x);
        return true;
    }

    private void enterHalf(Norm norm, Rows x, Rows h) {
        if (spec.features().normPlace() == NormPlace.AFTER) {
            ops.copy(x, h);
        } else if (owed == null) {
            ops.norm(norm, x, h);
        } else {
            ops.addBiasNorm(owed, norm, x, h);
        }
    }

    private void leaveHalf(Norm norm, @Nullable MemorySegment bias, Rows x) {
        if (spec.features().normPlace() == NormPlace.BEFORE) {
            owed = bias;
        } else if (bias == null) {
            ops.norm(norm, x, x);
        } else {
            ops.addBiasNorm(bias, norm, x, x);
        }
    }
}
