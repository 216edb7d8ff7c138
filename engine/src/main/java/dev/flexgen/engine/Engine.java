package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.exec.Counters;
import dev.flexgen.engine.exec.ModelRunner;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.RandomModel;
import dev.flexgen.engine.plan.ModelSizes;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.ThroughputEstimate;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An open model. Makes conversations and scores texts, one request at a time, from one thread at a time; conversations are
 * closed before their engine.
 */
public final class Engine implements AutoCloseable {

    private final Ledger ledger = new Ledger();
    private final EngineOptions options;
    private final Plan plan;
    private final DeviceSet devices;
    private final Planning planning;
    private final ModelRunner runner;
    private final int context;
    private final LoadReport load;
    private boolean closed;

    /**
     * Where weights come from.
     *
     * @param dtype of the largest tensors
     * @param ownHead whether the head is a table of its own
     * @param checkpoint opened once the plan has shown that there is room
     */
    private record Weights(DType dtype, boolean ownHead, Supplier<Checkpoint> checkpoint) {}

    private Engine(ModelSpec spec, Weights weights, EngineOptions options, GpuSource gpus, @Nullable Plan givenPlan) {
        long start = System.nanoTime();
        ExecutionSupport.require(spec);
        this.options = options;
        ModelSizes sizes = Planning.sizes(spec, weights.dtype(), weights.ownHead(), options);
        this.context = sizes.context();
        this.devices = DeviceSet.open(options, gpus, ledger);
        try {
            this.planning = new Planning(devices, ledger, sizes, options);
            this.plan = givenPlan == null ? planning.plan() : givenPlan;
            Optional<ThroughputEstimate> prediction = planning.known(plan);
            try (Checkpoint checkpoint = weights.checkpoint().get()) {
                this.runner = new ModelRunner(
                        new ModelTensors(spec, checkpoint),
                        plan,
                        devices.devices(),
                        devices.pool(),
                        this::diskTier,
                        sizes.kv(),
                        context);
            }
            this.load = new LoadReport(
                    (System.nanoTime() - start) / 1e9,
                    weights.dtype(),
                    ledger.bytes(),
                    runner.weightBytesPerToken(),
                    prediction,
                    notes());
        } catch (Throwable e) {
            devices.close();
            throw e;
        }
    }

    private ScratchFile diskTier(long bytes) {
        Path folder = options.limits().diskFolder();
        if (folder == null) {
            throw EngineException.placement("The plan keeps " + (bytes >> 20)
                    + " MiB of weights on disk, but no folder was given for them; name one with --disk-dir");
        }
        return new ScratchFile(ledger, folder, bytes);
    }

    private List<String> notes() {
        List<String> notes = new ArrayList<>();
        devices.absence().ifPresent(notes::add);
        if (!runner.pageLocking()) {
            notes.add("the system refused to page-lock all weights in host memory, so they reach the GPU more slowly;"
                    + " 'ulimit -l unlimited' may help");
        }
        return notes;
    }

    /**
     * Opens the model in {@code folder}: {@code config.json} and weights beside it, or FlexGen's numpy files. Uses the
     * machine's GPU if the options allow it.
     *
     * @throws EngineException if the model is damaged, of an unknown family, or does not fit
     */
    public static Engine open(Path folder, EngineOptions options, GpuSource gpus) {
        return open(folder, null, options, gpus);
    }

    /** Opens the model in {@code folder} on the processor alone. */
    public static Engine open(Path folder, EngineOptions options) {
        return open(folder, null, options, GpuSource.NONE);
    }

    /** Opens the model in {@code folder}, cut as {@code plan} says, or as a planner decides. */
    static Engine open(Path folder, @Nullable Plan plan, EngineOptions options, GpuSource gpus) {
        ModelSpec spec = Families.read(folder);
        var _ = options.contextOf(spec); // before any file of weights is opened
        Weights weights;
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            ModelTensors tensors = new ModelTensors(spec, checkpoint);
            DType dtype = tensors.get(ModelPart.UP.weight(), 0).dtype();
            weights = new Weights(dtype, tensors.hasOwnHead(), () -> Checkpoints.open(folder));
        }
        return new Engine(spec, weights, options, gpus, plan);
    }

    /**
     * Opens a model of random weights, to measure one that is not there.
     *
     * @throws EngineException if it does not fit
     */
    public static Engine random(ModelSpec spec, RandomWeights weights, EngineOptions options, GpuSource gpus) {
        Weights drawn = new Weights(weights.dtype(), !spec.head().tied(), () -> RandomModel.checkpoint(spec, weights));
        return new Engine(spec, drawn, options, gpus, null);
    }

    public ModelSpec spec() {
        return runner.spec();
    }

    public EngineOptions options() {
        return options;
    }

    public Plan plan() {
        return plan;
    }

    /** The computing devices, for people. */
    public String deviceName() {
        return devices.devices().stream().map(Device::name).collect(Collectors.joining(" and "));
    }

    /** How fast the plan can decode at best; measures the machine first, for a second or two, unless opening has. */
    public Optional<ThroughputEstimate> prediction() {
        return planning.prediction(plan);
    }

    public LoadReport load() {
        return load;
    }

    public Counters counters() {
        return runner.counters();
    }

    /** Who holds which memory; empty after {@link #close()}. */
    public Ledger ledger() {
        return ledger;
    }

    /** A new, empty conversation. Plans leave room for one of full length; more share that room. */
    public Conversation conversation() {
        return new Conversation(runner, context);
    }

    /**
     * The natural logarithm of each id's probability given those before it; the first has none and is NaN.
     *
     * @throws EngineException if an id is out of range, there are more than the context holds, or the weights are damaged
     */
    public double[] score(int[] ids, CancelToken cancel) {
        return new Scorer(runner, context).score(ids, cancel);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            runner.close();
        } finally {
            devices.close();
        }
    }
}
