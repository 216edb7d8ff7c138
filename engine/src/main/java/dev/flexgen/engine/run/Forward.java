package dev.flexgen.engine.run;

import dev.flexgen.engine.CancelToken;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Lane;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.model.Features.NormPlace;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Work;
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
final class Forward {

    private final ModelSpec spec;
    private final Plan plan;
    private final ModelWeights weights;
    private final Workspace space;
    private final Crew crew;
    private final Device home;
    private final Ops ops;
    private final AttentionShards attention;
    private final NeuronShards feedForward;

    Forward(ModelSpec spec, Plan plan, ModelWeights weights, Crew crew, Workspace space) {
        this.spec = spec;
        this.plan = plan;
        this.weights = weights;
        this.space = space;
        this.crew = crew;
        this.home = crew.home().device();
        this.ops = home.ops();
        this.attention = new AttentionShards(crew, (float) (1 / Math.sqrt(spec.headDim())));
        this.feedForward = new NeuronShards(crew, spec.features().activation());
    }

    /**
     * Computes the step's residual stream and appends its tokens to the caches, or, if cancelled, leaves them as they were.
     *
     * @throws java.util.concurrent.CancellationException if cancelled
     */
    void run(Step step, CancelToken cancel) {
        for (Step.Part part : step.parts()) {
            part.cache().reserve(part.tokens().length);
        }
        Work work = plan.work(step.rows());
        crew.begin(work);
        try {
            embed(step);
            for (int i = 0; i < weights.layers().size(); i++) {
                layer(i, step, work, cancel);
            }
        } catch (Throwable e) {
            crew.settle(e);
            throw e;
        }
        for (Step.Part part : step.parts()) {
            part.cache().advance(part.tokens().length);
        }
    }

    private void embed(Step step) {
        Rows x = space.residual(step.rows());
        if (weights.projectIn() == null) {
            ops.embed(weights.tokens(), step.tokens(), x);
        } else {
            Rows narrow = space.embedded(step.rows());
            ops.embed(weights.tokens(), step.tokens(), narrow);
            ops.up(weights.projectIn(), narrow, x);
        }
        ops.embedAdd(weights.positions(), step.positions(spec.features().positionOffset()), x);
    }

    private void layer(int index, Step step, Work work, CancelToken cancel) {
        ModelWeights.Layer layer = weights.layers().get(index);
        Rows x = space.residual(step.rows());
        Rows h = space.normed(step.rows());

        cancel.check();
        enterHalf(layer.attentionNorm(), x, h);
        attention.run(layer.heads(), index, step, work, h, x);
        leaveHalf(layer.attentionNorm(), layer.attentionBias(), x);

        cancel.check();
        enterHalf(layer.ffnNorm(), x, h);
        feedForward.run(layer.neurons(), work, h, x);
        leaveHalf(layer.ffnNorm(), layer.ffnBias(), x);
    }

    private void enterHalf(Norm norm, Rows x, Rows h) {
        if (spec.features().normPlace() == NormPlace.BEFORE) {
            ops.norm(norm, x, h);
        } else {
            ops.copy(x, h);
        }
    }

    private void leaveHalf(Norm norm, @Nullable MemorySegment bias, Rows x) {
        if (bias != null) {
            ops.addBias(bias, x);
        }
        if (spec.features().normPlace() == NormPlace.AFTER) {
            ops.norm(norm, x, x);
        }
    }

    /**
     * Logits after the step's rows {@code from} on, as many as {@code target} has room for. // [rows, V]
     *
     * @param rows at most {@link Workspace#maxLogitRows()}
     */
    void logits(Step step, int from, int rows, float[] target) {
        Rows x = space.residual(step.rows()).slice(from, rows);
        Rows h = space.normed(step.rows()).slice(from, rows);
        if (weights.finalNorm() == null) {
            ops.copy(x, h);
        } else {
            ops.norm(weights.finalNorm(), x, h);
        }
        Rows narrow = h;
        if (weights.projectOut() != null) {
            narrow = space.outputs(rows);
            ops.up(weights.projectOut(), h, narrow);
        }
        Rows logits = space.logits(rows);
        ops.up(weights.head(), narrow, logits);
        space.read(home.stream(Lane.COMPUTE), logits, target);
    }
}
