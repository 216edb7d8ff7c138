package dev.flexgen.engine.run;

import dev.flexgen.engine.CancelToken;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.model.Features.NormPlace;
import dev.flexgen.engine.model.ModelSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

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
 * Every layer is taken for all tokens of the step before the next. One layer is a method of its own: the seam where several
 * steps, each with a workspace, can share a layer's weights while they are at hand. Owned by the engine's thread.
 */
final class Forward {

    private final ModelSpec spec;
    private final ModelWeights weights;
    private final Workspace space;
    private final Ops ops;
    private final float attentionScale;

    Forward(ModelSpec spec, ModelWeights weights, List<Device> devices, Workspace space) {
        this.spec = spec;
        this.weights = weights;
        this.space = space;
        this.ops = devices.getFirst().ops();
        this.attentionScale = (float) (1 / Math.sqrt(spec.headDim()));
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
        embed(step);
        for (int i = 0; i < weights.layers().size(); i++) {
            layer(i, step, cancel);
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

    private void layer(int index, Step step, CancelToken cancel) {
        ModelWeights.Layer layer = weights.layers().get(index);
        Rows x = space.residual(step.rows());
        Rows h = space.normed(step.rows());
        boolean before = spec.features().normPlace() == NormPlace.BEFORE;

        cancel.check();
        if (before) {
            ops.norm(layer.attentionNorm(), x, h);
        } else {
            ops.copy(x, h);
        }
        for (int shard = 0; shard < layer.heads().size(); shard++) {
            attention(layer.heads().get(shard), index, shard, step, h, x);
        }
        if (layer.attentionBias() != null) {
            ops.addBias(layer.attentionBias(), x);
        }
        if (!before) {
            ops.norm(layer.attentionNorm(), x, x);
        }

        cancel.check();
        if (before) {
            ops.norm(layer.ffnNorm(), x, h);
        } else {
            ops.copy(x, h);
        }
        for (ModelWeights.Neurons shard : layer.neurons()) {
            feedForward(shard, h, x);
        }
        if (layer.ffnBias() != null) {
            ops.addBias(layer.ffnBias(), x);
        }
        if (!before) {
            ops.norm(layer.ffnNorm(), x, x);
        }
    }

    private void attention(ModelWeights.Heads shard, int layer, int slot, Step step, Rows h, Rows x) {
        int queries = shard.query().weight().rows();
        int keys = shard.key().weight().rows();
        Rows q = space.query(h.count(), queries);
        Rows k = space.key(h.count(), keys);
        Rows v = space.value(h.count(), keys);
        Rows context = space.context(h.count(), queries);
        ops.up(shard.query(), h, q);
        ops.up(shard.key(), h, k);
        ops.up(shard.value(), h, v);
        int row = 0;
        for (Step.Part part : step.parts()) {
            int count = part.tokens().length;
            int position = part.cache().length();
            var cache = part.cache().view(layer, slot);
            ops.append(k.slice(row, count), v.slice(row, count), cache, position);
            ops.attend(q.slice(row, count), cache, position, attentionScale, context.slice(row, count));
            row += count;
        }
        ops.down(shard.out(), context, x);
    }

    private void feedForward(ModelWeights.Neurons shard, Rows h, Rows x) {
        Rows a = space.neurons(h.count(), shard.shard().size());
        ops.up(shard.up(), h, a);
        ops.activate(spec.features().activation(), a);
        ops.down(shard.down(), a, x);
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
        MemorySegment.copy(logits.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, target, 0, rows * spec.vocabulary());
    }
}
