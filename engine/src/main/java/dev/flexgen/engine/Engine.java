package dev.flexgen.engine;

import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.Machine;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.run.RandomCheckpoint;
import dev.flexgen.engine.run.Runner;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * An open model. Makes conversations and scores texts, one request at a time, from one thread at a time; conversations are
 * closed before their engine.
 */
public final class Engine implements AutoCloseable {

    private final Ledger ledger = new Ledger();
    private final EngineOptions options;
    private final Plan plan;
    private final Device device;
    private final Runner runner;
    private final int context;
    private final LoadReport load;

    private Engine(ModelSpec spec, Plan plan, Checkpoint checkpoint, EngineOptions options) {
        long start = System.nanoTime();
        this.options = options;
        this.plan = plan;
        this.context = context(spec, options);
        ModelTensors tensors = new ModelTensors(spec, checkpoint);
        DType weights = tensors.get(Role.UP_WEIGHT, 0).dtype();
        DType kv = options.kv().resolve(weights);
        requireRoom(spec, weights, kv, context);
        int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        WorkerPool pool = new WorkerPool(threads);
        try {
            this.device = new CpuDevice(ledger, pool);
            this.runner = new Runner(tensors, plan, List.of(device), pool, kv, context);
        } catch (Throwable e) {
            pool.close();
            throw e;
        }
        this.load = new LoadReport(
                (System.nanoTime() - start) / 1e9, weights, ledger.bytes(), runner.weightBytesPerToken());
    }

    /**
     * Opens the model in {@code folder}: {@code config.json} and weights beside it, or FlexGen's numpy files.
     *
     * @throws EngineException if the model is damaged, of an unknown family, or does not fit
     */
    public static Engine open(Path folder, EngineOptions options) {
        ModelSpec spec = Families.read(folder);
        return open(folder, Plan.onOneDevice(spec, Tier.HOST), options);
    }

    /** Opens the model in {@code folder}, cut as {@code plan} says. */
    public static Engine open(Path folder, Plan plan, EngineOptions options) {
        ModelSpec spec = Families.read(folder);
        context(spec, options);
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            return new Engine(spec, plan, checkpoint, options);
        }
    }

    /**
     * Opens a model of random weights, to measure one that is not there.
     *
     * @throws EngineException if it does not fit
     */
    public static Engine random(ModelSpec spec, RandomWeights weights, EngineOptions options) {
        requireRoom(spec, weights.dtype(), options.kv().resolve(weights.dtype()), context(spec, options));
        try (Checkpoint checkpoint = new RandomCheckpoint(spec, weights)) {
            return new Engine(spec, Plan.onOneDevice(spec, Tier.HOST), checkpoint, options);
        }
    }

    private static int context(ModelSpec spec, EngineOptions options) {
        if (options.context() > spec.positions()) {
            throw EngineException.input("context is " + options.context() + ", but this model knows " + spec.positions()
                    + " positions; choose at most that");
        }
        return options.context() == 0 ? spec.positions() : options.context();
    }

    /** Refuses what would not fit before anything is loaded. Sizes from a file may be absurd: doubles do not overflow. */
    private static void requireRoom(ModelSpec spec, DType weights, DType kv, int context) {
        OptionalLong available = Machine.availableHostBytes();
        if (available.isEmpty()) {
            return;
        }
        double weightBytes = (double) spec.parameters() * weights.bytes();
        double kvBytes = 2.0 * spec.layers() * spec.keyHeads() * spec.headDim() * context * kv.bytes();
        if (weightBytes + kvBytes > available.getAsLong()) {
            throw EngineException.placement(String.format(
                    Locale.ROOT,
                    "The model needs %.1f GiB for weights and %.1f GiB for a context of %d tokens, but %.1f GiB of host memory"
                            + " are free; choose a smaller model or --context",
                    gib(weightBytes),
                    gib(kvBytes),
                    context,
                    gib((double) available.getAsLong())));
        }
    }

    private static double gib(double bytes) {
        return bytes / (1L << 30);
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

    /** The computing device, for people. */
    public String deviceName() {
        return device.name();
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

    /** A new, empty conversation. */
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
        runner.close();
        device.close();
    }
}
