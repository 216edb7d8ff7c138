package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.GpuChoice;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.exec.FootprintMeter;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.ModelShape;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Planner;
import dev.flexgen.engine.plan.TestMachines;
import dev.flexgen.engine.plan.Workload;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.WeightEncodings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A model may lie on several GPUs, each with memory of its own, and says what it says on one. */
class SeveralGpusTest {

    private static final long PLENTY = 64 << 20;

    private static final ModelSpec LARGER = Specs.opt(new Dimensions(8, 256, 4, 4, 64, 1024, 97, 256, 256));
    private static final RandomWeights RANDOM = new RandomWeights(DType.F32, 5, 0);

    /** Weights of {@link #LARGER}, about. */
    private static final long LARGER_BYTES = 4L * 8 * 12 * 256 * 256;

    /** What it takes of a GPU beside weights, about: rings above all. */
    private static final long ACTIVATIONS = 5 << 20;

    @TempDir
    Path disk;

    /** The view of each GPU that was opened. */
    private final List<Ledger> ledgers = new ArrayList<>();

    static Stream<String> models() {
        return Boolean.getBoolean("flexgen.full") ? Fixtures.models() : Fixtures.kinds();
    }

    private GpuSource gpus(List<Long> bytes, long seed) {
        ledgers.clear();
        return () -> new GpuSource.Present(IntStream.range(0, bytes.size())
                .mapToObj(i ->
                        new GpuSource.Gpu(i, "fake GPU", bytes.get(i) + Math.max(256L << 20, bytes.get(i)), ledger -> {
                            ledger.cap(Tier.GPU, bytes.get(i));
                            ledgers.add(ledger);
                            return new FakeGpu(ledger, FakeGpuSettings.of(bytes.get(i), seed + i));
                        }))
                .toList());
    }

    private EngineOptions options(GpuChoice choice) {
        return EngineOptions.defaults()
                .withThreads(2)
                .withKv(KvType.F32)
                .withWeights(WeightType.NATIVE)
                .withGpus(choice)
                .withLimits(new MemoryLimits(0, 0, disk));
    }

    private long wholeBytes(String model) {
        try (OpenModel engine =
                OpenModel.open(Fixtures.golden(model), options(GpuChoice.FIRST), gpus(List.of(PLENTY), 1))) {
            assertThat(engine.plan().tiers()).isEqualTo(Set.of(Tier.GPU));
            return engine.model().footprint().gpuPeaks().getFirst();
        }
    }

    private static Set<Integer> homes(Plan plan) {
        return plan.layers().stream().map(LayerPlan::home).collect(Collectors.toSet());
    }

    /** But one so small that what it computes with takes more than half of its layers. */
    static Stream<String> divisible() {
        return models().filter(model -> !model.startsWith("qwen2-"));
    }

    @ParameterizedTest
    @MethodSource("divisible")
    void aModelLargerThanOneGpuLiesOnSeveralAndSaysTheSame(String model) {
        long whole = wholeBytes(model);
        OpenModel engine = OpenModel.open(
                Fixtures.golden(model), options(GpuChoice.ALL), gpus(List.of(whole - 1, whole - 1), model.hashCode()));
        try (engine) {
            assertThat(engine.plan().tiers()).isEqualTo(Set.of(Tier.GPU));
            assertThat(homes(engine.plan())).containsExactly(0, 1);
            Continuations.assertGolden(engine, model);
            assertEachHoldsWhatThePlanSays(engine.model());
        }
        assertThat(engine.ledger().report()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"2, 3", "3, 4", "4, 5"})
    void whatSeveralGpusDoNotHoldIsElsewhereAndTheModelSaysTheSame(int count, int parts) {
        assertSaysTheSame(Collections.nCopies(count, LARGER_BYTES / parts + ACTIVATIONS));
    }

    @Test
    void ofUnequalGpusEachKeepsWithinItsOwnMemory() {
        assertSaysTheSame(List.of(LARGER_BYTES / 6 + ACTIVATIONS, LARGER_BYTES / 2 + ACTIVATIONS));
    }

    /** Planned by made-up rates, since those of simulated GPUs are not worth a plan. */
    private void assertSaysTheSame(List<Long> bytes) {
        float[] expected;
        try (Machine machine = Machine.open(options(GpuChoice.FIRST), GpuSource.NONE)) {
            expected = logits(
                    machine.random(LARGER, RANDOM, options(GpuChoice.FIRST).model()));
        }
        EngineOptions options = options(GpuChoice.ALL);
        try (Machine machine = Machine.open(options, gpus(bytes, bytes.size()))) {
            Plan plan = plan(machine.budget());
            assertThat(plan.tiers()).contains(Tier.GPU, Tier.HOST);
            assertThat(homes(plan)).hasSize(bytes.size());
            Model model = machine.random(LARGER, RANDOM, plan, options.model());
            assertThat(logits(model)).containsExactly(expected, within(2e-3f));
            assertEachHoldsWhatThePlanSays(model);
        }
    }

    private static Plan plan(Budget budget) {
        MachineProfile one = TestMachines.gpu(2e12, 50e9, 100e9, 45e9, 80e9);
        MachineProfile all = one.withGpus(
                Collections.nCopies(budget.gpus().size(), one.gpus().getFirst()));
        ModelShape shape = new ModelShape(LARGER, Encoding.F32, Encoding.F32, KvEncoding.F32, 1);
        Workload workload = Workload.conversation(LARGER.positions(), 0);
        FootprintMeter meter = new FootprintMeter(
                WeightEncodings.asStored(new UniformTypes(LARGER, DType.F32, false)),
                budget.devices(),
                KvEncoding.F32,
                workload);
        return new Planner(shape, budget.devices(), budget, meter, workload).forGpus(() -> all);
    }

    /** Behind a prompt of many tokens and one of a few. */
    private static float[] logits(Model model) {
        try (Session session = model.session()) {
            for (int tokens : new int[] {40, 44}) {
                int[] ids = new Random(3).ints(tokens, 0, LARGER.vocabulary()).toArray();
                session.prefill(ids, new CancelToken(), ProgressListener.NONE);
            }
            return session.logits().clone();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyPlanForSeveralGpusGivesTheSameContinuations(String model) {
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(model)), model.hashCode());
        for (int count = 2; count <= 4; count++) {
            Plan plan = plans.withGpus(count);
            try (OpenModel engine = OpenModel.open(
                    Fixtures.golden(model),
                    plan,
                    options(GpuChoice.ALL),
                    gpus(Collections.nCopies(count, PLENTY), count))) {
                Continuations.assertGolden(engine, model);
                assertEachHoldsWhatThePlanSays(engine.model());
            }
        }
    }

    private void assertEachHoldsWhatThePlanSays(Model model) {
        List<Long> peaks = model.footprint().gpuPeaks();
        for (int i = 0; i < ledgers.size(); i++) {
            assertThat(ledgers.get(i).peak(Tier.GPU))
                    .as("GPU %d, %s", i, ledgers.get(i).byOwner(Tier.GPU))
                    .isLessThanOrEqualTo(peaks.get(i))
                    .isLessThanOrEqualTo(ledgers.get(i).cap(Tier.GPU));
        }
    }

    @Test
    void theFirstComputesUnlessOthersAreChosen() {
        GpuSource three = gpus(Collections.nCopies(3, PLENTY), 1);
        assertThat(names(three, GpuChoice.FIRST)).isEqualTo(List.of(0));
        assertThat(names(three, GpuChoice.ALL)).isEqualTo(List.of(0, 1, 2));
        assertThat(names(three, GpuChoice.of(List.of(2, 0)))).isEqualTo(List.of(2, 0));
    }

    private List<Integer> names(GpuSource source, GpuChoice choice) {
        try (Machine machine = Machine.open(options(choice), source)) {
            assertThat(machine.budget().gpus())
                    .hasSize(machine.devices().size() - 1)
                    .allMatch(gpu -> gpu.bytes() == PLENTY);
            return MachineDevices.chosen(((GpuSource.Present) source.find()).gpus(), choice).stream()
                    .map(GpuSource.Gpu::number)
                    .toList();
        }
    }

    @Test
    void aGpuThatIsNotThereIsSaidInOneSentence() {
        GpuSource two = gpus(Collections.nCopies(2, PLENTY), 1);
        assertThatThrownBy(() -> Machine.open(options(GpuChoice.of(List.of(0, 3))), two))
                .isInstanceOf(EngineException.class)
                .hasMessage(
                        "--gpus names GPU 3, and the GPUs that can be used are 0 (fake GPU) and 1 (fake GPU); name some of"
                                + " those");
        assertThatThrownBy(() -> Machine.open(options(GpuChoice.of(List.of(1))), GpuSource.NONE))
                .hasMessageContaining("No GPU can be used: this program was told of none");
    }
}
