package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Logits;
import dev.flexgen.engine.exec.ModelRunner;
import dev.flexgen.engine.memory.AvailableMemory;
import dev.flexgen.engine.memory.HostHeadroom;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.weights.Needs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * This computer's devices, opened once, with the memory and the threads that all models on it share: one ledger counts them,
 * one pool computes them. Any thread may use a machine and what is open on it; it does one thing at a time, in the order asked.
 * A single session is for one thread at a time. Closing a machine closes its models.
 */
public final class Machine implements AutoCloseable {

    private final Ledger ledger = new Ledger();
    private final Activity activity = new Activity();
    private final EngineOptions options;
    private final MachineDevices devices;
    private final List<Model> models = new ArrayList<>();

    /** Devices are for one thread at a time. A lock and not a thread of its own: handing over would cost every token of a small model. */
    private final ReentrantLock turn = new ReentrantLock(true);

    private final MachineProfiles profiles;

    private Machine(EngineOptions options, GpuSource gpus, Measuring measuring) {
        this.options = options;
        this.devices = new MachineDevices(options, gpus, ledger);
        this.profiles = new MachineProfiles(options, measuring, devices, this::budget);
    }

    /**
     * Opens the devices that {@code options} allow.
     *
     * @throws EngineException of kind DEVICE if a GPU is demanded and there is none, or one fails; of kind PLACEMENT if it has
     *     too little memory to be opened
     */
    public static Machine open(EngineOptions options, GpuSource gpus, Measuring measuring) {
        return new Machine(options, gpus, measuring);
    }

    /**
     * Has Java load what every machine computes with, which takes longer than to open a small model. A program may do that early,
     * on another thread; a machine is opened afterwards, not meanwhile.
     *
     * @throws EngineException of kind DEVICE if this Java was started without the Vector API
     */
    public static void prepare() {
        try (var pool = new WorkerPool(1);
                var _ = new CpuDevice(new Ledger(), pool)) {
            Families.names();
        }
    }

    /** The same with a profile that is measured roughly, if it is needed, and not kept. */
    public static Machine open(EngineOptions options, GpuSource gpus) {
        return open(options, gpus, Measuring.ROUGHLY);
    }

    /** Whether figures are measured. */
    public enum Rates {
        /** What was measured before; none if nothing was. */
        SAVED,
        /** Measured now if they were not before, which takes ten to twenty seconds. */
        KNOWN,
        /** Measured now. */
        FRESH
    }

    /**
     * What would compute, what a model may take, and how fast that is. Opens a machine for it and closes it again where it has to:
     * what a driver and its libraries take for themselves is only known then, or from a saved profile. Never throws for what is
     * wrong with options or devices: that is part of the state.
     */
    public static MachineState state(EngineOptions options, GpuSource gpus, Measuring measuring, Rates rates) {
        try {
            return rates == Rates.SAVED
                    ? SavedState.of(options, gpus, measuring).orElseGet(() -> opened(options, gpus, measuring, rates))
                    : opened(options, gpus, measuring, rates);
        } catch (EngineException e) {
            return MachineState.nobody(e.kind(), e.getMessage());
        }
    }

    private static MachineState opened(EngineOptions options, GpuSource gpus, Measuring measuring, Rates rates) {
        try (Machine machine = open(options, gpus, measuring)) {
            return machine.state(rates);
        }
    }

    private MachineState state(Rates rates) {
        Optional<MachineProfile> profile = switch (rates) {
            case SAVED -> knownProfile();
            case KNOWN -> profileIfThereIsRoom(this::profile);
            case FRESH -> profileIfThereIsRoom(this::measure);
        };
        return new MachineState(devices.found(), budget(), profile);
    }

    /** How models would be placed on it beside those that are open. */
    public ModelFitter fitter(ModelOptions model, Rates rates) {
        return new ModelFitter(state(rates), model);
    }

    /** All host memory of this computer, used or not; empty where the system does not say. */
    public static OptionalLong hostBytes() {
        return AvailableMemory.totalBytes();
    }

    /** What of it could be taken now without swapping or breaking a container's limit. */
    public static OptionalLong availableHostBytes() {
        return AvailableMemory.bytes();
    }

    private Optional<MachineProfile> profileIfThereIsRoom(Supplier<MachineProfile> measuring) {
        try {
            return Optional.of(measuring.get());
        } catch (EngineException e) {
            if (e.kind() == EngineException.Kind.PLACEMENT) {
                return Optional.empty(); // the planner says what that means for each model
            }
            throw e;
        }
    }

    /**
     * Opens the model in {@code folder}: {@code config.json} and weights beside it, or FlexGen's numpy files.
     *
     * @throws EngineException if the model is damaged, of an unknown family, or does not fit beside those that are open
     */
    public Model open(Path folder, ModelOptions model) {
        return open(folder, null, model);
    }

    /**
     * Opens the model in {@code folder}, cut as {@code plan} says, or as the planner decides without one.
     *
     * @throws EngineException of kind INPUT also if the plan is none for this model and machine
     */
    public Model open(Path folder, @Nullable Plan plan, ModelOptions model) {
        return opened(() -> new Model(this, WeightSource.in(folder, model), model, plan));
    }

    /**
     * How the model in {@code folder} would have its weights, without reading them: what {@code model} says, or what the engine decides if
     * that is {@link WeightType#AUTO}.
     *
     * @throws EngineException as opening it would
     */
    public WeightType weightsOf(Path folder, ModelOptions model) {
        if (model.weights() != WeightType.AUTO) {
            return model.weights();
        }
        return inTurn(() -> {
            WeightSource weights = WeightSource.in(folder, model);
            return PlanChoice.of(new PlanChoice.Question(
                            weights.types(),
                            weights.activeShare(),
                            weights.expertUse(),
                            weights.settled(model),
                            budget(weights.spec())
                                    .withDisk(), // what is encoded is packed, and a packed model can stay on the disk
                            this::profile))
                    .weights();
        });
    }

    /**
     * Opens a model of random weights, to measure one that is not there.
     *
     * @throws EngineException if it does not fit
     */
    public Model random(ModelSpec spec, RandomWeights weights, ModelOptions model) {
        return random(spec, weights, null, model);
    }

    /** Opens a model of random weights, cut as {@code plan} says, or as the planner decides without one. */
    public Model random(ModelSpec spec, RandomWeights weights, @Nullable Plan plan, ModelOptions model) {
        return opened(() -> new Model(this, WeightSource.random(spec, weights), model, plan));
    }

    private Model opened(Supplier<Model> opening) {
        return inTurn(() -> {
            Model model = opening.get();
            models.add(model);
            return model;
        });
    }

    /** The computing devices, for people. */
    public String deviceName() {
        return MachineState.Found.counted(
                devices.all().stream().map(Device::name).toList());
    }

    /** Who holds which memory; empty after {@link #close()}. */
    public Ledger ledger() {
        return ledger;
    }

    /** What a user should be told of a GPU that is there and not used. */
    Optional<String> note() {
        return devices.note();
    }

    /** What it does at the moment, and how much it has moved. */
    public Activity activity() {
        return activity;
    }

    EngineOptions options() {
        return options;
    }

    List<Device> devices() {
        return devices.all();
    }

    /** Whether its first device is a GPU. */
    public boolean hasGpu() {
        return !devices.gpus().isEmpty();
    }

    /**
     * The devices that can compute a model: all, or without a GPU that cannot.
     *
     * @throws EngineException of kind DEVICE if a GPU was demanded and cannot
     */
    List<Device> devices(ModelSpec spec) {
        Optional<Missing> missing = missing(spec);
        if (missing.isEmpty()) {
            return devices.all();
        }
        if (options.device() == DeviceChoice.CUDA) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    missing.get().gpu() + " has no kernels for "
                            + missing.get().capability().what() + ", which models of type " + spec.family()
                            + " need; use --device cpu",
                    null);
        }
        return List.of(devices.processor());
    }

    /** What a GPU cannot compute. */
    private record Missing(String gpu, Capability capability) {}

    /** What the GPUs, if there are some, cannot all compute of a model. */
    private Optional<Missing> missing(ModelSpec spec) {
        return devices.gpus().stream()
                .flatMap(gpu ->
                        Needs.missing(spec, gpu.device())
                                .map(it -> new Missing(gpu.found().name(), it))
                                .stream())
                .findFirst();
    }

    /** What a user should be told of who computes a model. */
    Optional<String> note(ModelSpec spec) {
        return missing(spec)
                .map(it -> "the processor computes alone: this version has no GPU kernels for "
                        + it.capability().what() + ", which models of type " + spec.family() + " need");
    }

    WorkerPool pool() {
        return devices.pool();
    }

    /** What may be used now, with what the devices and open models have taken already in the ledger. */
    Budget budget() {
        long allowed = ledger.cap(Tier.HOST) - ledger.bytes(Tier.HOST);
        long free = HostHeadroom.usableBytes(hasGpu()).orElse(Long.MAX_VALUE);
        List<Budget.Gpu> gpus = devices.gpus().stream()
                .map(gpu -> new Budget.Gpu(
                        gpu.roomBytes(), gpu.device().allocationPolicy().unit()))
                .toList();
        return new Budget(gpus, Math.min(allowed, free), options.limits().diskFolder() != null, allowed < free);
    }

    /** The same for the devices that can compute this model. */
    Budget budget(ModelSpec spec) {
        return missing(spec).isPresent() ? budget().withoutGpus() : budget();
    }

    /** How fast this machine is, if that is known without measuring. */
    public Optional<MachineProfile> knownProfile() {
        return profiles.known(); // without a turn: who watches a step must not wait for its end
    }

    /** How fast this machine is; measured now where it is not known, which takes ten to twenty seconds. */
    public MachineProfile profile() {
        return inTurn(profiles::profile);
    }

    /** The same, measured now in any case. */
    public MachineProfile measure() {
        return inTurn(profiles::measure);
    }

    Logits step(ModelRunner runner, Batch batch) {
        return inTurn(() -> runner.step(batch));
    }

    <T> T inTurn(Supplier<T> work) {
        turn.lock();
        try {
            return work.get();
        } finally {
            turn.unlock();
        }
    }

    void closed(Model model) {
        models.remove(model);
    }

    @Override
    public void close() {
        turn.lock();
        try (devices) {
            List.copyOf(models).reversed().forEach(Model::close);
        } finally {
            turn.unlock();
        }
    }
}
