package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvLayout;
import dev.flexgen.engine.cache.KvStaging;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.ActiveShares;
import dev.flexgen.engine.plan.ExpertUse;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Schedule;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.RowSource;
import dev.flexgen.engine.weights.WeightEncodings;
import dev.flexgen.engine.weights.WeightLoader;
import dev.flexgen.engine.weights.WeightMemory;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model: takes batches of tokens, fills caches, gives logits. One thread at a time; closed before its devices are.
 */
public final class ModelRunner implements AutoCloseable {

    private static final long MAX_LOGIT_BYTES = 128 << 20;

    private final ModelSpec spec;
    private final Plan plan;
    private final ExecutionPlan execution;
    private final Resources resources = new Resources();
    private final ModelWeights weights;
    private final DeviceGroup group;
    private final ForwardPass forward;
    private final OutputHead head;
    private final KvLayout layout;
    private final KvStaging staging;
    private final boolean pageLocking;
    private final Activity activity;
    private long tokens;
    private long steps;

    /**
     * Loads a model.
     *
     * @param source of its weights, which stays the caller's
     * @param encodings of its matrices
     * @param disk makes the file of the disk tier, if the plan needs one
     * @param kv encoding of its caches
     * @param maxStepTokens most tokens of a step
     * @param activity is told how far loading and each step are
     * @throws dev.flexgen.engine.base.EngineException if the plan does not fit model and devices, or memory is too small
     */
    public ModelRunner(
            RowSource source,
            WeightEncodings encodings,
            Plan plan,
            List<Device> devices,
            LongFunction<ScratchFile> disk,
            KvEncoding kv,
            int maxStepTokens,
            Activity activity) {
        this.spec = encodings.spec();
        this.plan = plan;
        this.activity = activity;
        this.execution = new ExecutionPlan(spec, plan, devices, maxStepTokens);
        this.layout = execution.kvLayout(kv);
        try {
            WeightMemory memory;
            try (WeightLoader loader = new WeightLoader(source, encodings, plan, devices, disk, activity)) {
                this.weights = resources.keep(loader.load());
                this.pageLocking = loader.pageLocking();
                memory = loader.memory();
            }
            ExecutionPlan.Parts parts =
                    execution.take(memory, id -> weights.block(id).location(), activity, resources);
            this.staging = resources.keep(new KvStaging(layout, maxStepTokens()));
            this.group = parts.group();
            this.head = parts.head();
            this.forward = new ForwardPass(spec, plan, weights, group, parts.embedding(), activity);
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    public ModelSpec spec() {
        return spec;
    }

    /** Most tokens that one {@link #step} takes. */
    public int maxStepTokens() {
        return execution.maxStepTokens();
    }

    /** Most rows of logits to ask one {@link #step} for: those of a large vocabulary fill the Java heap, and a head on its way passes once. */
    public int maxLogitRows() {
        boolean streamed = plan.head().stream().anyMatch(shard -> shard.access() == Access.STREAMED);
        long rows = streamed ? head.maxRows() : MAX_LOGIT_BYTES / (4L * spec.vocabulary());
        return Math.clamp(rows, head.maxRows(), maxStepTokens());
    }

    /** A cache for one sequence, with room for so many tokens. */
    public KvCache newCache(int tokens) {
        return new KvCache(layout, staging, tokens);
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

    /** Shares of active neurons, if the processor has computed some of every layer after a ReLU. */
    public Optional<ActiveShares> activeShares() {
        return forward.activeNeurons().shares();
    }

    /** How often experts were chosen, if the model has any. */
    public Optional<ExpertUse> expertUse() {
        return forward.expertCounts().use();
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
        if (batch.rows() > maxStepTokens() || batch.logitRows() > maxLogitRows()) {
            throw new IllegalArgumentException(batch.rows() + " tokens and " + batch.logitRows()
                    + " rows of logits in a step of at most " + maxStepTokens() + " and " + maxLogitRows());
        }
        staging.begin();
        for (Batch.Sequence sequence : batch.sequences()) {
            sequence.cache().reserve(sequence.tokens().length);
        }
        float @Nullable [] numbers = null;
        try {
            numbers = compute(batch);
        } finally {
            activity.ended(numbers != null);
        }
        return advance(batch, numbers);
    }

    /** No numbers if all sequences were cancelled. */
    private float @Nullable [] compute(Batch batch) {
        try {
            Schedule schedule = execution.schedule(batch.rows());
            float[] numbers;
            do {
                if (!forward.run(batch, schedule)) {
                    group.settle();
                    return null;
                }
                if (batch.logitRows() == 0) {
                    numbers = new float[0];
                    group.await();
                } else {
                    numbers = head.logits(group, weights, schedule, batch);
                }
            } while (group.mustRepeat()); // a few times at most: each time a device has changed its ways
            forward.keepCounts();
            return numbers;
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
        resources.close();
    }
}
