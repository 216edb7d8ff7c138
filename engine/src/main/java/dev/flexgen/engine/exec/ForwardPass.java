package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Schedule;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.weights.ModelWeights;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes a batch of tokens through the layers:
 *
 * <pre>
 *   x = tokens[id] + positions[p]
 *   for each layer:
 *     h = norm(x);  for each head shard:    q, k, v = up(h);  turn(q, k, p);  x += down(attend(q, KV))
 *     h = norm(x);  for each neuron shard:  x += down(activate(gate(h)) * up(h))
 * </pre>
 *
 * <p>Where a layer has experts, its home scores them for each token first, and only those chosen are read and computed.
 *
 * <p>What of it a model does is in its spec: positions may be rows of a table, turns or slopes, gates may be missing, and the second
 * norm too, where both halves begin with the same rows.
 *
 * <p>The residual stream x is on the layer's home device and moves where the next layer has another. Who computes which shard, and in
 * which order, is the {@link Schedule}'s word. Every layer is taken for all tokens of the batch before the next. Owned by the
 * engine's thread.
 */
final class ForwardPass {

    private final ModelSpec spec;
    private final Plan plan;
    private final ModelWeights weights;
    private final DeviceGroup group;
    private final TokenEmbedding embedding;
    private final Activity activity;
    private final Sublayers sublayers;
    private final AttentionSublayer attention;
    private final FeedForwardSublayer feedForward;
    private final ExpertCounts expertCounts;

    /** The last half's bias, if the residual stream still lacks it: most often it is added together with the next norm. */
    private @Nullable MemorySegment owed;

    ForwardPass(
            ModelSpec spec,
            Plan plan,
            ModelWeights weights,
            DeviceGroup group,
            TokenEmbedding embedding,
            Activity activity) {
        ExecutionSupport.require(spec);
        this.spec = spec;
        this.plan = plan;
        this.weights = weights;
        this.group = group;
        this.embedding = embedding;
        this.activity = activity;
        this.sublayers = new Sublayers(group);
        this.attention = new AttentionSublayer(group, weights, new HeadOperations(spec));
        this.feedForward = new FeedForwardSublayer(weights, ExecutionSupport.activation(spec.block(0)), activity);
        this.expertCounts = new ExpertCounts(spec);
    }

    /**
     * Computes the batch's residual stream, on the last layer's home, and writes its keys and values to the caches, which have
     * room for them.
     *
     * @return false if every sequence was cancelled on the way; then nothing of it may be used
     */
    boolean run(Batch batch, Schedule schedule) {
        group.begin(schedule, batch.logitRows() > 0);
        expertCounts.begin();
        feedForward.activeNeurons().begin();
        owed = null;
        int at = plan.embeddingDevice();
        embedding.embed(weights.embedding(), batch, group.home(at).residual(batch.rows()));
        for (Schedule.Layer layer : schedule.layers()) {
            activity.layer(batch.rows(), layer.index(), schedule.layers().size());
            move(at, layer.home(), batch.rows());
            at = layer.home();
            if (!attention(layer, batch) || !feedForward(layer, batch)) {
                return false;
            }
        }
        addOwed(at, batch.rows());
        return true;
    }

    /** The last pass's results are used: what it has counted counts. */
    void keepCounts() {
        expertCounts.keep();
        feedForward.activeNeurons().keep();
    }

    ActiveNeurons activeNeurons() {
        return feedForward.activeNeurons();
    }

    ExpertCounts expertCounts() {
        return expertCounts;
    }

    private void addOwed(int home, int rows) {
        if (owed != null) {
            group.worker(home).ops().addBias(owed, group.home(home).residual(rows));
            owed = null;
        }
    }

    /** Brings the residual stream to another home. */
    private void move(int from, int to, int rows) {
        if (from != to) {
            addOwed(from, rows);
            Rows x = group.home(from).residual(rows);
            PartialSums way = group.between(from, to);
            way.broadcast(x);
            group.worker(to).ops().copy(way.shared(x), group.home(to).residual(rows));
        }
    }

    private boolean attention(Schedule.Layer layer, Batch batch) {
        if (batch.cancelled()) {
            return false;
        }
        ModelWeights.Layer fixed = weights.layers().get(layer.index());
        Rows x = group.home(layer.home()).residual(batch.rows());
        Rows h = enter(layer, fixed.attentionNorm(), x);
        sublayers.send(layer.home(), layer.attention(), h);
        sublayers.run(
                layer.home(),
                layer.attention(),
                h,
                x,
                (worker, tasks, input, sum) -> attention.compute(worker, tasks, batch, input, sum),
                false);
        leave(layer, fixed.attentionNorm(), fixed.attentionBias(), x);
        return true;
    }

    private boolean feedForward(Schedule.Layer layer, Batch batch) {
        if (batch.cancelled()) {
            return false;
        }
        ModelWeights.Layer fixed = weights.layers().get(layer.index());
        Rows x = group.home(layer.home()).residual(batch.rows());
        Rows h;
        if (spec.block(layer.index()).residual() == Residual.PARALLEL_SHARED_NORM) {
            addOwed(layer.home(), x.count());
            h = group.home(layer.home()).normed(x.count()); // what attention began with
        } else {
            h = enter(layer, fixed.ffnNorm(), x);
        }
        ExpertDivision division = route(layer, fixed.router(), h);
        List<DeviceTasks> needed = layer.feedForward();
        if (division != null) {
            needed = division.needed(needed);
            feedForward.begin(group, needed, division);
        }
        sublayers.run(
                layer.home(),
                needed,
                h,
                x,
                (worker, tasks, input, sum) -> feedForward.compute(worker, tasks, division, input, sum),
                division != null);
        leave(layer, fixed.ffnNorm(), fixed.ffnBias(), x);
        return true;
    }

    /** Sends {@code h} to those who may compute with it, and chooses the experts if the layer has any. */
    private @Nullable ExpertDivision route(Schedule.Layer layer, ModelWeights.@Nullable Router router, Rows h) {
        if (router == null || !(spec.block(layer.index()).feedForward() instanceof FeedForwardSpec.Experts experts)) {
            sublayers.send(layer.home(), layer.feedForward(), h);
            return null;
        }
        ExpertRouter scorer = group.home(layer.home()).router();
        scorer.score(router, experts, h);
        sublayers.send(
                layer.home(), layer.feedForward(), h); // nobody has anything else to do until the scores are there
        Routing routing = scorer.choose(router, experts, h.count());
        expertCounts.count(layer.index(), routing, h.count());
        return feedForward.divide(routing, layer.feedForward(), h.count());
    }

    private Rows enter(Schedule.Layer layer, Norm norm, Rows x) {
        Ops ops = group.worker(layer.home()).ops();
        Rows h = group.home(layer.home()).normed(x.count());
        if (spec.block(0).normPlace() == NormPlace.AFTER) {
            ops.copy(x, h);
        } else if (owed == null) {
            ops.norm(norm, x, h);
        } else {
            ops.addBiasNorm(owed, norm, x, h);
            owed = null;
        }
        return h;
    }

    private void leave(Schedule.Layer layer, Norm norm, @Nullable MemorySegment bias, Rows x) {
        Ops ops = group.worker(layer.home()).ops();
        if (spec.block(0).normPlace() == NormPlace.BEFORE) {
            owed = bias;
        } else if (bias == null) {
            ops.norm(norm, x, x);
        } else {
            ops.addBiasNorm(bias, norm, x, x);
        }
    }
}
