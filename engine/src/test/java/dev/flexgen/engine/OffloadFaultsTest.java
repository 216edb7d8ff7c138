package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.device.fake.Faults;
import dev.flexgen.engine.device.fake.Faults.Kind;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever fails under an offloaded model is one sentence of the right kind; nothing hangs, nothing is left. */
@Timeout(60)
class OffloadFaultsTest {

    private static final String MODEL = "opt-f32";
    private static final long GPU_BYTES = 16 << 20;
    private static final FakeGpuSettings SETTINGS = FakeGpuSettings.of(GPU_BYTES, 1);

    /** Something on every tier, with every way to be computed. */
    private static final Plan MIXED = mixed();

    @TempDir
    Path disk;

    private final AtomicReference<@Nullable Ledger> ledger = new AtomicReference<>();
    private final AtomicReference<@Nullable FakeGpu> gpu = new AtomicReference<>();

    /** The same without weights that the GPU reads in host memory. */
    private static final Plan UNMAPPED = unmapped();

    private static Plan unmapped() {
        LayerPlan layer = MIXED.layers().getFirst();
        List<Shard> down = layer.down().stream()
                .map(shard -> shard.access() == Access.MAPPED
                        ? new Shard(shard.from(), shard.to(), shard.tier(), shard.device(), Access.STREAMED)
                        : shard)
                .toList();
        LayerPlan other = new LayerPlan(layer.home(), layer.heads(), layer.up(), down);
        return new Plan(
                MIXED.embeddingDevice(), Collections.nCopies(MIXED.layers().size(), other), MIXED.head(), 4, 2);
    }

    private static Plan mixed() {
        ModelSpec spec = Families.read(Fixtures.golden(MODEL));
        int heads = spec.keyHeads();
        int neurons = spec.ffnWidth();
        List<Shard> up = List.of(
                new Shard(0, 10, Tier.GPU, 0, Access.RESIDENT),
                new Shard(10, 20, Tier.HOST, 1, 0, Access.RESIDENT),
                new Shard(20, 30, Tier.HOST, 0, Access.STREAMED),
                new Shard(30, 40, Tier.GPU, 0, Access.RESIDENT),
                new Shard(40, 50, Tier.GPU, 0, Access.RESIDENT),
                new Shard(50, neurons, Tier.DISK, 0, Access.STREAMED));
        List<Shard> down = new ArrayList<>(up);
        down.set(3, new Shard(30, 40, Tier.HOST, 0, Access.MAPPED));
        down.set(4, new Shard(40, 50, Tier.DISK, 0, Access.ON_DEMAND));
        LayerPlan layer = new LayerPlan(
                0,
                List.of(
                        new Shard(0, 1, Tier.HOST, 0, Access.STREAMED),
                        new Shard(1, heads, Tier.HOST, 1, 0, Access.RESIDENT)),
                up,
                down);
        List<Shard> head = List.of(
                new Shard(0, 20, Tier.GPU, 0, Access.RESIDENT),
                new Shard(20, spec.vocabulary(), Tier.HOST, 1, Access.RESIDENT));
        return new Plan(1, Collections.nCopies(spec.layers(), layer), head, 4, 2);
    }

    private GpuSource fake(FakeGpuSettings settings) {
        return () -> new GpuSource.Present("fake GPU", settings.bytes(), opened -> {
            ledger.set(opened);
            FakeGpu device = new FakeGpu(opened, settings);
            gpu.set(device);
            return device;
        });
    }

    private EngineOptions options() {
        return EngineOptions.defaults().withThreads(2).withLimits(new MemoryLimits(GPU_BYTES, 0, disk));
    }

    private OpenModel open(FakeGpuSettings settings) {
        return open(MIXED, settings);
    }

    private OpenModel open(Plan plan, FakeGpuSettings settings) {
        return OpenModel.open(Fixtures.golden(MODEL), plan, options(), fake(settings));
    }

    private static int[] replyIn(Session conversation) {
        conversation.prefill(new int[] {2, 5, 9, 11, 4, 7, 8}, new CancelToken(), ProgressListener.NONE);
        GenerationRequest request = new GenerationRequest(6, SamplerOptions.greedy(), Set.of());
        return conversation
                .generate(request, new CancelToken(), id -> TokenListener.Verdict.CONTINUE)
                .ids();
    }

    private static int[] reply(OpenModel engine) {
        try (Session conversation = engine.session()) {
            return replyIn(conversation);
        }
    }

    private void assertNothingHeld() {
        Ledger held = ledger.get();
        assertThat(held == null ? "" : held.report()).isEmpty();
        assertThat(disk).isEmptyDirectory();
    }

    @Test
    void aDeviceWithoutAKernelThatThePlanNeedsIsRefusedBeforeAnythingIsLoaded() {
        for (Operation operation : Operation.values()) {
            String said = switch (operation) {
                case EMBED -> "look up rows of f32 weights; choose another --device, or the model in another encoding";
                case UP -> "multiply by f32 weights; choose another --device, or the model in another encoding";
                case DOWN ->
                    "multiply by transposed f32 weights; choose another --device, or the model in another encoding";
                case APPEND -> "store f32 keys and values; choose another --kv or another --device";
                case ATTEND -> "attend over f32 keys and values; choose another --kv or another --device";
                case SEAL -> "";
            };
            if (operation == Operation.SEAL) {
                continue; // of caches in F32 nothing is sealed
            }
            FakeGpuSettings settings = SETTINGS.without(operation, Encoding.F32);
            Plan plan = Plan.onOneDevice(Families.read(Fixtures.golden(MODEL)), Tier.GPU, 0);
            EngineException refused = catchThrowableOfType(
                    EngineException.class,
                    () -> OpenModel.open(Fixtures.golden(MODEL), plan, options(), fake(settings)));
            assertThat(refused).hasMessage("fake GPU cannot " + said);
            assertThat(refused.kind()).isEqualTo(EngineException.Kind.PLACEMENT);
            assertThat(Objects.requireNonNull(gpu.get()).statistics().operations())
                    .isZero();
            assertNothingHeld();
        }
    }

    @Test
    void everyAllocationThatFailsWhileLoadingIsAPlacementErrorAndLeavesNothing() {
        int allocations = 0;
        for (Kind kind : new Kind[] {Kind.ALLOCATION, Kind.HOST_ALLOCATION}) {
            for (int n = 1; ; n++) {
                FakeGpuSettings settings = SETTINGS.withFaults(Faults.nth(kind, n));
                try (OpenModel engine = open(settings)) {
                    assertThat(engine.plan()).isEqualTo(MIXED);
                    break; // there is no n-th
                } catch (EngineException e) {
                    assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT);
                    allocations++;
                }
                assertNothingHeld();
            }
        }
        assertThat(allocations).isGreaterThan(6);
    }

    @Test
    void aFailedCopyOrOperationEndsTheReplyWithADeviceErrorAndTheEngineStillCloses() {
        for (Kind kind : new Kind[] {Kind.UPLOAD, Kind.DOWNLOAD, Kind.OPERATION}) {
            for (int n = 1; n < 400; n += 37) {
                try (OpenModel engine = open(SETTINGS.withFaults(Faults.nth(kind, n)))) {
                    assertThat(reply(engine)).isNotEmpty(); // fewer calls than n
                } catch (EngineException e) {
                    assertThat(e.kind()).as(e.getMessage()).isEqualTo(EngineException.Kind.DEVICE);
                }
                assertNothingHeld();
            }
        }
    }

    /** The last copy of a step brings the logits: by then all layers have written their keys and values. */
    @Test
    void logitsThatFailLeaveNoTokenBehind() {
        int[] prompt = {2, 5, 9, 11, 4, 7, 8};
        int failures = 0;
        for (int n = 1; n < 60; n++) {
            List<Integer> said = new ArrayList<>();
            try (OpenModel engine = open(SETTINGS.withFaults(Faults.nth(Kind.DOWNLOAD, n)));
                    Session conversation = engine.session()) {
                boolean prefilled = false;
                try {
                    conversation.prefill(prompt, new CancelToken(), ProgressListener.NONE);
                    prefilled = true;
                    GenerationRequest request = new GenerationRequest(3, SamplerOptions.greedy(), Set.of());
                    conversation.generate(request, new CancelToken(), id -> {
                        said.add(id);
                        return TokenListener.Verdict.CONTINUE;
                    });
                } catch (EngineException e) {
                    failures++;
                    int computed = prefilled ? prompt.length + said.size() - 1 : 0;
                    assertThat(conversation.length()).as("download %d", n).isEqualTo(computed);
                }
            } catch (EngineException e) {
                assertThat(e.kind())
                        .isEqualTo(EngineException.Kind.DEVICE); // a device that failed does not close in peace
            }
        }
        assertThat(failures).isGreaterThan(10);
    }

    @Test
    void refusedPageLockedMemoryMakesWeightsTakeTheLongWay() {
        int[] expected;
        try (OpenModel engine = open(UNMAPPED, SETTINGS)) {
            expected = reply(engine);
            assertThat(engine.notes()).isEmpty();
        }
        Faults weightsOnly =
                call -> call.kind() == Kind.HOST_ALLOCATION && call.name().equals("weights");
        try (OpenModel engine = open(UNMAPPED, SETTINGS.withFaults(weightsOnly))) {
            assertThat(reply(engine)).isEqualTo(expected);
            assertThat(engine.notes()).anyMatch(note -> note.contains("refused to page-lock"));
            FakeGpu device = Objects.requireNonNull(gpu.get());
            assertThat(device.statistics().pageableCopies())
                    .as("through page-locked buffers all the same")
                    .isZero();
        }
        assertNothingHeld();
    }

    @Test
    void refusedPageLockedMemoryIsASentenceWhereThePlanHasTheGpuReadIt() {
        Faults weightsOnly =
                call -> call.kind() == Kind.HOST_ALLOCATION && call.name().equals("weights");
        assertThatThrownBy(() -> open(SETTINGS.withFaults(weightsOnly)))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("ulimit -l");
        assertNothingHeld();
    }

    @Test
    void noStepWaitsForTheWholeDevice() {
        try (OpenModel engine = open(SETTINGS)) {
            FakeGpu device = Objects.requireNonNull(gpu.get());
            int before = device.statistics().streamJoins();
            reply(engine);
            assertThat(device.statistics().streamJoins()).isEqualTo(before);
        }
    }

    @Test
    void aCancelledStepLeavesAnEngineThatGoesOn() {
        try (OpenModel engine = open(SETTINGS);
                Session conversation = engine.session()) {
            int[] expected = reply(engine);
            CancelToken cancel = new CancelToken();
            cancel.cancel();
            assertThatThrownBy(() -> conversation.prefill(new int[] {2, 5, 9, 11, 4}, cancel, ProgressListener.NONE))
                    .isInstanceOf(CancellationException.class);
            assertThat(conversation.length()).isZero();
            assertThat(replyIn(conversation)).isEqualTo(expected);
        }
        assertNothingHeld();
    }

    @Test
    void cancellingBetweenTokensOfAReplyLosesNothing() {
        try (OpenModel engine = open(SETTINGS);
                Session conversation = engine.session()) {
            int[] expected = reply(engine);
            conversation.prefill(new int[] {2, 5, 9, 11, 4, 7, 8}, new CancelToken(), ProgressListener.NONE);
            CancelToken cancel = new CancelToken();
            GenerationRequest request = new GenerationRequest(6, SamplerOptions.greedy(), Set.of());
            Generation part = conversation.generate(request, cancel, id -> {
                cancel.cancel();
                return TokenListener.Verdict.CONTINUE;
            });
            assertThat(part.reason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(replyIn(conversation)).isEqualTo(expected);
        }
    }

    @Test
    void aGpuThatIsTooSmallForAnyPlanIsToldBeforeLoading() {
        long tiny = 100 << 10;
        EngineOptions options = EngineOptions.defaults().withLimits(new MemoryLimits(tiny, 0, disk));
        assertThatThrownBy(
                        () -> OpenModel.open(Fixtures.golden(MODEL), options, fake(FakeGpuSettings.of(GPU_BYTES, 1))))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("the smallest plan needs")
                .hasMessageContaining("--gpu-memory");
        assertNothingHeld();
    }

    @Test
    void whateverPlanIsMadeAFullConversationFits() {
        ModelSpec spec = Specs.opt(new Dimensions(3, 64, 4, 4, 16, 256, 97, 64, 600));
        int[] prompt = new Random(2).ints(590, 0, 97).toArray();
        int plans = 0;
        for (long cap = 500 << 10; cap < 5 << 20; cap += 431 << 10) {
            MemoryLimits limits = new MemoryLimits(cap, 128L << 20, null);
            EngineOptions options = EngineOptions.defaults().withThreads(1).withLimits(limits);
            RandomWeights weights = new RandomWeights(DType.F16, 1, 0);
            try (OpenModel engine = OpenModel.random(spec, weights, options, fake(FakeGpuSettings.of(cap, 1)));
                    Session conversation = engine.session()) {
                plans++;
                conversation.prefill(prompt, new CancelToken(), ProgressListener.NONE);
                GenerationRequest request = new GenerationRequest(8, SamplerOptions.greedy(), Set.of());
                conversation.generate(request, new CancelToken(), id -> TokenListener.Verdict.CONTINUE);
            } catch (EngineException e) {
                assertThat(e.getMessage()).as("with %d KiB", cap >> 10).contains("the smallest plan needs");
            }
        }
        assertThat(plans).isGreaterThan(3);
    }

    @Test
    void theCapOnHostMemoryHolds() {
        EngineOptions options =
                EngineOptions.defaults().withDevice(DeviceChoice.CPU).withLimits(new MemoryLimits(0, 200 << 10, null));
        assertThatThrownBy(() -> OpenModel.open(Fixtures.golden(MODEL), options, GpuSource.NONE))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("--disk-dir");
    }

    @Test
    void aDiskFolderThatCannotBeWrittenIsNamed() throws Exception {
        Path file = Files.createFile(disk.resolve("file"));
        EngineOptions options = EngineOptions.defaults().withLimits(new MemoryLimits(GPU_BYTES, 0, file));
        assertThatThrownBy(() -> OpenModel.open(Fixtures.golden(MODEL), MIXED, options, fake(SETTINGS)))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining(file.toString())
                .hasMessageContaining("--disk-dir");
        Files.delete(file);
        assertNothingHeld();
    }

    @Test
    void aGpuThatIsDemandedAndMissingIsADeviceError() {
        GpuSource none = () -> new GpuSource.Absent("the driver sleeps", GpuSource.Absence.UNUSABLE);
        assertThatThrownBy(
                        () -> OpenModel.open(Fixtures.golden(MODEL), options().withDevice(DeviceChoice.CUDA), none))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.DEVICE))
                .hasMessageContaining("the driver sleeps")
                .hasMessageContaining("--device cpu");
    }

    @Test
    void aGpuThatCannotBeUsedIsToldAndDoneWithout() {
        GpuSource none = () -> new GpuSource.Absent("the driver sleeps", GpuSource.Absence.UNUSABLE);
        try (OpenModel engine = OpenModel.open(Fixtures.golden(MODEL), options(), none)) {
            assertThat(engine.notes()).containsExactly("the processor computes alone: the driver sleeps");
        }
        GpuSource absent = () -> new GpuSource.Absent("there is none", GpuSource.Absence.NO_GPU);
        try (OpenModel engine = OpenModel.open(Fixtures.golden(MODEL), options(), absent)) {
            assertThat(engine.notes()).isEmpty();
        }
    }
}
