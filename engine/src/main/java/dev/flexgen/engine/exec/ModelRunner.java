package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvLayout;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.EncodingSupport;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.plan.ModelSizes;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.WeightLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model: takes batches of tokens, fills caches, gives logits. One thread at a time; closed before its devices are.
 */
public final class ModelRunner implements AutoCloseable {

    /** Most tokens of one step: enough to keep the arithmetic busy, few enough that activations stay small. */
    static final int MAX_STEP_TOKENS = 512;

    private static final long MAX_LOGIT_BYTES = 128 << 20;

    private final ModelSpec spec;
    private final ModelWeights weights;
    private final Activations space;
    private final DeviceGroup group;
    private final ForwardPass forward;
    private final OutputHead head;
    private final KvLayout layout;
    private final boolean pageLocking;

    private long tokens;
    private long steps;

    /**
     * Loads a model.
     *
     * @param pool does the copying
     * @param disk makes the file of the disk tier, if the plan needs one
     * @param kv encoding of its caches
     * @param context most tokens of a sequence
     */
    public ModelRunner(
            ModelTensors tensors,
            Plan plan,
            List<Device> devices,
            WorkerPool pool,
            LongFunction<ScratchFile> disk,
            Encoding kv,
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
        Device home = devices.getFirst();
        this.head = new OutputHead(weights, space, home.ops(), home.stream(StreamRole.COMPUTE));
    }

    /** Most tokens of a batch, for sequences of up to {@code context}. */
    public static int maxStepTokens(int context) {
        return Math.min(MAX_STEP_TOKENS, context);
    }

    private static int maxLogitRows(int rows) {
        return Math.min(ModelSizes.LOGIT_ROWS, rows);
    }

    private KvLayout layout(Plan plan, List<Device> devices, Encoding kv) {
        List<List<KvLayout.Slot>> layers = new ArrayList<>();
        plan.layers()
                .forEach(layer -> layers.add(layer.heads().stream()
                        .map(shard -> new KvLayout.Slot(devices.get(shard.device()), shard.size()))
                        .toList()));
        for (Device device : layers.stream()
                .flatMap(List::stream)
                .map(KvLayout.Slot::device)
                .distinct()
                .toList()) {
            EncodingSupport.require(device, Operation.APPEND, kv);
            EncodingSupport.require(device, Operation.ATTEND, kv);
        }
        return new KvLayout(kv, spec.headDim(), layers);
    }

    public ModelSpec spec() {
        return spec;
    }

    /** Most tokens that one {@link #step} takes. */
    public int maxStepTokens() {
        return space.maxRows();
    }

    /** Most rows of logits to ask one {@link #step} for: those of a large vocabulary fill the Java heap. */
    public int maxLogitRows() {
        long rows = MAX_LOGIT_BYTES / (4L * spec.vocabulary());
        return Math.clamp(rows, space.maxLogitRows(), space.maxRows());
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
        return new Counters(tokens, steps);
    }

    /**
     * Takes a batch through the model: appends its tokens to their caches and gives the logits that were wanted. A step that
     * fails, or whose sequences were all cancelled, leaves every cache as it was; one cancelled sequence among others leaves its
     * own as it was.
     *
     * @param batch at most {@link #maxStepTokens()} rows
     * @throws dev.flexgen.engine.base.EngineException if there is no room for the new keys and values, or a device fails
     */
    public Logits step(Batch batch) {
        if (batch.rows() > space.maxRows()) {
            throw new IllegalArgumentException(batch.rows() + " tokens in a step of at most " + space.maxRows());
        }
        for (Batch.Sequence sequence : batch.sequences()) {
            sequence.cache().reserve(sequence.tokens().length);
        }
        float[] numbers = compute(batch);
        return advance(batch, numbers);
    }

    /** No numbers if all sequences were cancelled. */
    private float @Nullable [] compute(Batch batch) {
        try {
            if (!forward.run(batch)) {
                group.settle();
                return null;
            }
            return batch.logitRows() == 0 ? new float[0] : head.logits(batch);
        } catch (Throwable e) {
            group.settle(e);
            throw e;
        }
    }

    private Logits advance(Batch batch, float @Nullable [] numbers) {
        int count = batch.sequences().size();
        boolean[] completed = new boolean[count];
        int[] firstRows = new int[count];
        int rows = 0;
        for (int i = 0; i < count; i++) {
            Batch.Sequence sequence = batch.sequences().get(i);
            firstRows[i] = rows;
            rows += sequence.logitRows();
            completed[i] = numbers != null && !sequence.cancel().cancelled();
            if (completed[i]) {
                sequence.cache().advance(sequence.tokens().length);
                tokens += sequence.tokens().length;
            }
        }
        steps++;
        return new Logits(numbers == null ? new float[0] : numbers, spec.vocabulary(), firstRows, completed);
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
