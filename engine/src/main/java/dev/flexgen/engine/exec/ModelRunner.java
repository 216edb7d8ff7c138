package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvLayout;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.plan.ModelSizes;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.WeightLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * A loaded model: takes tokens, fills caches, gives logits. One thread at a time; closed before its devices are.
 */
public final class ModelRunner implements AutoCloseable {

    /** Most tokens of one step: enough to keep the arithmetic busy, few enough that activations stay small. */
    static final int MAX_STEP_TOKENS = 512;

    private final ModelSpec spec;
    private final ModelWeights weights;
    private final Activations space;
    private final DeviceGroup group;
    private final ForwardPass forward;
    private final KvLayout layout;
    private final boolean pageLocking;

    private long prefillTokens;
    private long decodeTokens;
    private long steps;

    /**
     * Loads a model.
     *
     * @param pool does the copying
     * @param disk makes the file of the disk tier, if the plan needs one
     * @param kv element type of its caches
     * @param context most tokens of a sequence
     */
    public ModelRunner(
            ModelTensors tensors,
            Plan plan,
            List<Device> devices,
            WorkerPool pool,
            LongFunction<ScratchFile> disk,
            DType kv,
            int context) {
        this.spec = tensors.spec();
        this.layout = layout(plan, devices, kv);
        int rows = maxStepTokens(context);
        try (WeightLoader loader = new WeightLoader(tensors, devices, pool, disk)) {
            this.weights = loader.load(plan);
            this.pageLocking = loader.pageLocking();
        }
        try {
            this.space = new Activations(devices.getFirst(), spec, rows, maxLogitRows(rows));
        } catch (Throwable e) {
            weights.close();
            throw e;
        }
        try {
            this.group = new DeviceGroupBuilder(spec, plan, devices, rows).assemble(weights);
        } catch (Throwable e) {
            space.close();
            weights.close();
            throw e;
        }
        this.forward = new ForwardPass(spec, plan, weights, group, space);
    }

    /** Most tokens of a batch, for sequences of up to {@code context}. */
    public static int maxStepTokens(int context) {
        return Math.min(MAX_STEP_TOKENS, context);
    }

    private static int maxLogitRows(int rows) {
        return Math.min(ModelSizes.LOGIT_ROWS, rows);
    }

    private KvLayout layout(Plan plan, List<Device> devices, DType kv) {
        List<List<KvLayout.Slot>> layers = new ArrayList<>();
        plan.layers()
                .forEach(layer -> layers.add(layer.heads().stream()
                        .map(shard -> new KvLayout.Slot(devices.get(shard.device()), shard.size()))
                        .toList()));
        return new KvLayout(kv, spec.headDim(), layers);
    }

    public ModelSpec spec() {
        return spec;
    }

    /** Most tokens that one {@link #prefill} takes. */
    public int maxStepTokens() {
        return space.maxRows();
    }

    public KvCache newCache() {
        return new KvCache(layout);
    }

    /** Bytes of weights that one decode step reads when every neuron is active. */
    public long weightBytesPerToken() {
        return weights.bytesPerToken();
    }

    /** Whether all weights that a GPU reads from host memory could be page-locked; if not, they arrive more slowly. */
    public boolean pageLocking() {
        return pageLocking;
    }

    public Counters counters() {
        return new Counters(prefillTokens, decodeTokens, steps);
    }

    /** Takes given tokens. */
    public void prefill(KvCache cache, int[] tokens, CancelToken cancel) {
        run(Batch.of(cache, tokens), cancel);
        prefillTokens += tokens.length;
    }

    /** Takes one generated token and writes the logits that follow it. */
    public void decode(KvCache cache, int token, CancelToken cancel, float[] logits) {
        Batch batch = Batch.of(cache, new int[] {token});
        run(batch, cancel);
        decodeTokens++;
        forward.logits(batch, 0, 1, logits);
    }

    /** Writes the logits that follow the last of {@code tokens}, which {@link #prefill} has just taken. */
    public void lastLogits(KvCache cache, int[] tokens, float[] logits) {
        forward.logits(Batch.of(cache, tokens), tokens.length - 1, 1, logits);
    }

    /** Told of the logits behind each token of a batch. */
    @FunctionalInterface
    public interface LogitsVisitor {
        /**
         * Sees one row.
         *
         * @param row of the step
         * @param logits all rows at hand; this one's start at {@code from}
         */
        void visit(int row, float[] logits, int from);
    }

    /** Shows the logits behind every token that {@link #prefill} has just taken. */
    public void allLogits(KvCache cache, int[] tokens, LogitsVisitor visitor) {
        float[] logits = new float[space.maxLogitRows() * spec.vocabulary()];
        Batch batch = Batch.of(cache, tokens);
        for (int from = 0; from < tokens.length; from += space.maxLogitRows()) {
            int rows = Math.min(space.maxLogitRows(), tokens.length - from);
            forward.logits(batch, from, rows, logits);
            for (int i = 0; i < rows; i++) {
                visitor.visit(from + i, logits, i * spec.vocabulary());
            }
        }
    }

    private void run(Batch batch, CancelToken cancel) {
        forward.run(batch, cancel);
        steps++;
    }

    @Override
    public void close() {
        try (Resources resources = new Resources()) {
            resources.keep(weights);
            resources.keep(space);
            resources.keep(group);
        }
    }
}
