package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.exec.Counters;
import dev.flexgen.engine.exec.Logits;
import dev.flexgen.engine.exec.ModelRunner;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.ActiveShares;
import dev.flexgen.engine.plan.CostModel;
import dev.flexgen.engine.plan.DraftPrices;
import dev.flexgen.engine.plan.ExpertUse;
import dev.flexgen.engine.plan.Footprint;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Step;
import dev.flexgen.engine.plan.StepCost;
import dev.flexgen.engine.plan.ThroughputEstimate;
import dev.flexgen.engine.store.PackedModel;
import dev.flexgen.engine.weights.RowSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A model that is open on a {@link Machine}: its weights where the plan put them. Makes sessions and scores texts; several
 * sessions may be open. Closing it frees its part of the machine; its sessions are closed before. Any thread.
 */
public final class Model implements AutoCloseable {

    /** What is read from a packed model's own files has no buffer that would enter it. */
    private static final String IN_PLACE = "weights";

    private final Machine machine;
    private final PlanChoice choice;
    private final List<Device> devices;
    private final ModelRunner runner;
    private final WeightSource weights;
    private final PlanChoice.Question question;
    private final boolean shortened;
    private final boolean weightsWereChosen;
    private final double loadSeconds;
    private final Map<Tier, Long> heldBytes;
    private final long bytesInPlace;
    private final PrefillPace pace = new PrefillPace();
    private final StepTimes times;
    private @Nullable String digest;
    private boolean closed;

    Model(Machine machine, WeightSource weights, ModelOptions asked, @Nullable Plan given) {
        long start = System.nanoTime();
        this.machine = machine;
        this.weights = weights;
        this.devices = machine.devices(weights.spec());
        this.times = new StepTimes(devices.getFirst().tokensAtOnce());
        ModelOptions options = weights.settled(asked);
        PlanChoice.Question asking = new PlanChoice.Question(
                weights.types(),
                weights.activeShare(),
                weights.expertUse(),
                options,
                weights.budget(machine.budget(weights.spec())),
                machine::profile);
        int most = options.mostContext(weights.spec());
        this.choice = given == null ? PlanChoice.of(asking) : asking.given(most, given);
        this.question = asking.withWeights(choice.weights());
        this.weightsWereChosen = options.weights() == WeightType.AUTO;
        this.shortened = choice.context() < most;
        try (RowSource rows = weights.opener().open(machine.pool());
                @Nullable
                        Rehearsal _ =
                                processorComputes() ? Rehearsal.ifWorthIt(weights.types(), question.options()) : null) {
            this.runner = new ModelRunner(
                    rows,
                    question.encodings(),
                    choice.plan(),
                    devices,
                    this::diskTier,
                    question.kv(),
                    choice.workload().stepTokens(),
                    machine.activity());
        }
        this.bytesInPlace = weights.packed().isEmpty() ? 0 : choice.footprint().bytes(Tier.DISK);
        if (bytesInPlace > 0) {
            machine.ledger().enter(Tier.DISK, IN_PLACE, bytesInPlace);
        }
        this.heldBytes = machine.ledger().bytes();
        this.loadSeconds = (System.nanoTime() - start) / 1e9;
    }

    /** Whether the first device of its plan is a GPU. */
    public boolean hasGpu() {
        return devices.getFirst().tier() == Tier.GPU;
    }

    /** How many GPUs its plan numbers, before the processor. */
    public int gpus() {
        return devices.size() - 1;
    }

    /** Whether the processor, the last device of a plan, computes some of the model. */
    private boolean processorComputes() {
        return choice.plan().computes(devices.size() - 1);
    }

    private ScratchFile diskTier(long bytes) {
        Path folder = machine.options().limits().diskFolder();
        if (folder == null) {
            throw EngineException.placement("The plan keeps " + (bytes >> 20)
                    + " MiB of weights on disk, but no folder was given for them; name one with --disk-dir");
        }
        return new ScratchFile(machine.ledger(), folder, bytes);
    }

    /**
     * Looks whether a folder holds a model that could be opened, as far as that is known without reading weights.
     *
     * @throws EngineException of kind MODEL if not, with the reason
     */
    public static void check(Path folder) {
        var _ = Families.read(folder);
        if (PackedModel.isIn(folder)) {
            var _ = PackedModel.in(folder);
        } else {
            Checkpoints.open(folder).close();
        }
    }

    public Machine machine() {
        return machine;
    }

    public ModelSpec spec() {
        return weights.spec();
    }

    public Plan plan() {
        return choice.plan();
    }

    /** How matrices are held. */
    public WeightType weights() {
        return choice.weights();
    }

    /** What the plan takes, by a dry run. */
    public Footprint footprint() {
        return choice.footprint();
    }

    /** Most tokens of a session. */
    public int context() {
        return choice.context();
    }

    /** Most tokens of a step. */
    public int stepTokens() {
        return choice.workload().stepTokens();
    }

    /** What the job costs for which it was opened, by the rates of a machine. */
    public StepCost jobCost(MachineProfile profile) {
        return choice.workload().cost(prices(profile), choice.plan(), choice.footprint());
    }

    /** How many sessions of full length there is room for by the plan. */
    public int sessions() {
        return choice.sessions();
    }

    /** Wall time of planning and loading. */
    public double loadSeconds() {
        return loadSeconds;
    }

    /** What the machine's ledger held of each tier when this model had been loaded. */
    public Map<Tier, Long> heldBytes() {
        return heldBytes;
    }

    /** Bytes of weights that one decode step reads when every neuron is active. */
    public long weightBytesPerToken() {
        return runner.weightBytesPerToken();
    }

    /** How fast the plan is expected to decode, if this machine's profile is known. */
    public Optional<ThroughputEstimate> knownEstimate() {
        return machine.knownProfile().map(this::estimate);
    }

    /** What a token of a reply costs behind so many others, if this machine's profile is known. */
    public Optional<StepCost> knownPrice(int context) {
        return machine.knownProfile()
                .map(profile -> prices(profile).step(choice.plan(), choice.footprint(), Step.decode(context)));
    }

    /** The same, with the machine measured now if need be, which takes ten to twenty seconds. */
    public ThroughputEstimate estimate() {
        return estimate(machine.profile());
    }

    private ThroughputEstimate estimate(MachineProfile profile) {
        return prices(profile).decode(plan(), footprint(), context() / 2);
    }

    /** Seconds that a token of a reply takes: as the last ones did, before that by the plan's price; empty if it cannot know. */
    public OptionalDouble secondsToWrite() {
        OptionalDouble seen = times.ofOne();
        return seen.isPresent()
                ? seen
                : machine.knownProfile().stream()
                        .mapToDouble(
                                it -> correction(prices(it), 1) / estimate(it).decodeTokensPerSecond())
                        .findFirst();
    }

    /** Seconds that so many tokens of a prompt take, at least one, in the same way. */
    public OptionalDouble secondsToRead(int tokens) {
        OptionalDouble seen = times.ofPrompt(tokens, maxStepTokens());
        if (seen.isPresent() && times.know(tokens, maxStepTokens())) {
            return seen;
        }
        Optional<CostModel> prices = machine.knownProfile().map(this::prices);
        return prices.isEmpty()
                ? seen
                : OptionalDouble.of(planned(prices.get(), tokens) * correction(prices.get(), tokens));
    }

    private double planned(CostModel prices, int tokens) {
        return prices.prefill(plan(), footprint(), tokens, 1).seconds();
    }

    /** By how much the plan's price of the most similar step that was seen is wrong: a profile is of another day and moment. */
    private double correction(CostModel prices, int tokens) {
        OptionalInt similar = times.mostLike(tokens, maxStepTokens());
        return similar.isEmpty()
                ? 1
                : times.ofPrompt(similar.getAsInt(), maxStepTokens()).orElseThrow()
                        / planned(prices, similar.getAsInt());
    }

    /** How steps that verify drafts compare, if this machine's profile is known. Drafting itself is not in it. */
    public Optional<DraftPrices> draftPrices() {
        return machine.knownProfile()
                .map(it -> DraftPrices.predicted(prices(it), plan(), footprint(), context() / 2, DraftDepth.MOST, 0));
    }

    /** What steps of this model's plan cost on a machine of these rates. */
    public CostModel prices(MachineProfile profile) {
        return question.prices(profile);
    }

    /** Sentences for the user about what is not as it could be. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        machine.note().ifPresent(notes::add);
        machine.note(spec()).ifPresent(notes::add);
        if (weightsWereChosen && choice.weights() != WeightType.NATIVE) {
            notes.add("weights are held in "
                    + choice.weights().encoding().orElseThrow().name()
                    + ", because as stored they do not fit the fastest memory; --weights native keeps them");
        }
        if (shortened) {
            notes.add("the context is " + context() + " of the model's " + spec().positions()
                    + " tokens, because more would cost room or speed; choose another with --context");
        }
        if (!runner.pageLocking()) {
            notes.add("the system refused to page-lock all weights in host memory, so they reach the GPU more slowly;"
                    + " 'ulimit -l unlimited' may help");
        }
        return notes;
    }

    /** Tells keys and values of these weights, as they are encoded here, from others. Taken once, which may take a second. */
    synchronized String digest() {
        if (digest == null) {
            digest = weights.digest().get() + " weights " + choice.weights().label();
        }
        return digest;
    }

    /** How fast it has read prompts so far. */
    PrefillPace pace() {
        return pace;
    }

    /** What it has computed since it was opened. */
    public Counters counters() {
        return runner.counters();
    }

    /**
     * Shares of neurons that were active after ReLU in steps of few tokens since the model was opened, as far as the processor computed
     * them; nothing if it did not compute every layer, or the model has no ReLU.
     */
    public Optional<ActiveShares> activeShares() {
        return machine.inTurn(runner::activeShares);
    }

    /** How often experts were chosen since the model was opened; nothing of a model without experts. */
    public Optional<ExpertUse> expertUse() {
        return machine.inTurn(runner::expertUse);
    }

    /**
     * A new, empty session of up to {@link #context()} tokens.
     *
     * @throws EngineException of kind PLACEMENT if there is no room for its keys and values
     */
    public Session session() {
        return session(context());
    }

    /**
     * A new, empty session. Room for its keys and values is taken now, so that it cannot run out of memory later.
     *
     * @param limit most tokens, 1 to {@link #context()}
     * @throws EngineException of kind PLACEMENT if there is no room for them
     */
    public Session session(int limit) {
        if (limit < 1 || limit > context()) {
            throw new IllegalArgumentException("a session of " + limit + " tokens in a context of " + context());
        }
        return machine.inTurn(() -> new Session(this, runner.newCache(limit), limit));
    }

    /**
     * The natural logarithm of each id's probability given those before it; the first has none and is NaN.
     *
     * @throws EngineException if an id is out of range, there are more than the context holds, or the weights are damaged
     */
    public double[] score(int[] ids, CancelToken cancel) {
        return Scorer.alone(this, ids, cancel);
    }

    /** Most tokens of a step, and most of them that may want logits. */
    int maxStepTokens() {
        return runner.maxStepTokens();
    }

    int maxLogitRows() {
        return runner.maxLogitRows();
    }

    Logits step(Batch batch) {
        long start = System.nanoTime();
        Logits computed = machine.step(runner, batch);
        if (computed.completed(0)) {
            times.learn(batch.rows(), (System.nanoTime() - start) / 1e9);
        }
        return computed;
    }

    @Override
    public void close() {
        machine.inTurn(() -> {
            if (!closed) {
                closed = true;
                machine.closed(this);
                weights.packed().ifPresent(packed -> {
                    runner.activeShares().ifPresent(packed::keep);
                    runner.expertUse().ifPresent(packed::keep);
                });
                runner.close();
                if (bytesInPlace > 0) {
                    machine.ledger().leave(Tier.DISK, IN_PLACE, bytesInPlace);
                }
            }
            return closed;
        });
    }
}
