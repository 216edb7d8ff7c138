package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.cache.KvLayout;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.PlanCheck;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.plan.Schedule;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.ModelWeights;
import dev.flexgen.engine.weights.WeightLoader;
import dev.flexgen.engine.weights.WeightMemory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private final Plan plan;
    private final Resources resources = new Resources();
    private final ModelWeights weights;
    private final Map<Regime, Schedule> schedules;
    private final DeviceGroup group;
    private final ForwardPass forward;
    private final OutputHead head;
    private final KvLayout layout;
    private final int maxStepTokens;
    private final boolean pageLocking;
    private long tokens;
    private long steps;

    /**
     * Loads a model.
     *
     * @param pool does the copying
     * @param disk makes the file of the disk tier, if the plan needs one
     * @param kv element type of its caches
     * @param context most tokens of a sequence
     * @throws dev.flexgen.engine.base.EngineException if the plan does not fit model and devices, or memory is too small
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
        this.plan = plan;
        this.layout = layout(plan, devices, kv);
        this.maxStepTokens = maxStepTokens(context);
        List<Tier> tiers = devices.stream().map(Device::tier).toList();
        new PlanCheck(spec, tiers).check(plan);
        this.schedules = new EnumMap<>(Regime.class);
        for (Regime regime : Regime.values()) {
            schedules.put(regime, Schedule.of(plan, regime, tiers));
        }
        try {
            WeightMemory memory;
            try (WeightLoader loader = new WeightLoader(tensors, plan, devices, pool, disk)) {
                this.weights = resources.keep(loader.load());
                this.pageLocking = loader.pageLocking();
                memory = loader.memory();
            }
            Device embeds = devices.get(plan.embeddingDevice());
            TokenEmbedding embedding = resources.keep(new TokenEmbedding(embeds, spec, maxStepTokens));
            this.head = resources.keep(new OutputHead(spec, plan, devices, maxStepTokens));
            DeviceGroupBuilder builder = new DeviceGroupBuilder(spec, plan, devices, schedules, maxStepTokens);
            this.group =
                    resources.keep(builder.build(memory, id -> weights.block(id).location()));
            this.forward = new ForwardPass(spec, plan, weights, group, embedding);
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** Most tokens of a batch, for sequences of up to {@code context}. */
    public static int maxStepTokens(int context) {
        return Math.min(MAX_STEP_TOKENS, context);
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

    /** Most tokens that one {@link #step} takes. */
    public int maxStepTokens() {
        return maxStepTokens;
    }

    /** Most rows of logits to ask one {@link #step} for: those of a large vocabulary fill the Java heap, and a head on its way passes once. */
    public int maxLogitRows() {
        boolean streamed = plan.head().stream().anyMatch(shard -> shard.access() == Access.STREAMED);
        long rows = streamed ? head.maxRows() : MAX_LOGIT_BYTES / (4L * spec.vocabulary());
        return Math.clamp(rows, head.maxRows(), maxStepTokens);
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
        if (batch.rows() > maxStepTokens || batch.logitRows() > maxLogitRows()) {
            throw new IllegalArgumentException(batch.rows() + " tokens and " + batch.logitRows()
                    + " rows of logits in a step of at most " + maxStepTokens + " and " + maxLogitRows());
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
            Schedule schedule = Objects.requireNonNull(schedules.get(plan.regime(batch.rows())));
            if (!forward.run(batch, schedule)) {
                group.settle();
                return null;
            }
            return batch.logitRows() == 0 ? new float[0] : head.logits(group, weights, schedule, batch);
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
