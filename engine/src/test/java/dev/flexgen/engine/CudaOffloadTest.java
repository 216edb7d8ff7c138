package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.GpuChoice;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.cuda.TestGpus;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.Needs;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** On a real GPU, too, placement changes nothing in what a model says. */
@Tag("gpu")
class CudaOffloadTest {

    private static final long GPU_BYTES = 1400L << 20;
    private static final int PLANS = 20;
    private static final int PLANS_OF_EACH_MODEL = 6;

    /** Fewer, because opening a GPU takes longer than a tiny model. */
    private static final int PLANS_OF_TWO_GPUS = 2;

    /** Each of them counts a context of its own, as if it were alone. */
    private static final long TWO_ON_A_CARD = 2L << 30;

    @TempDir
    Path disk;

    /**
     * All but models with experts in 16 bits. Tensor cores round the activations of prompts, so that where two experts are nearly as
     * good another may be chosen.
     */
    static Stream<String> models() {
        return Fixtures.models().filter(model -> !isRoundedWithExperts(model));
    }

    private static boolean isRoundedWithExperts(String model) {
        return !model.contains("f32")
                && Needs.of(Families.read(Fixtures.golden(model))).contains(Capability.EXPERTS);
    }

    private EngineOptions options() {
        return EngineOptions.defaults()
                .withThreads(4)
                .withKv(KvType.F32)
                .withLimits(new MemoryLimits(GPU_BYTES, 0, disk));
    }

    @ParameterizedTest
    @MethodSource("models")
    void thePlannersPlanGivesTheLogitsOfTransformers(String model) {
        try (OpenModel engine = OpenModel.open(Fixtures.golden(model), options(), TestGpus.source())) {
            assertThat(engine.model().heldBytes().get(Tier.GPU)).isPositive();
            for (Expected.Prompt prompt : Expected.of(model).prompts()) {
                for (int i = 0; i < prompt.positions().length; i++) {
                    int[] beginning = Arrays.copyOf(prompt.ids(), prompt.positions()[i] + 1);
                    try (Session conversation = engine.session()) {
                        conversation.prefill(beginning, new CancelToken(), ProgressListener.NONE);
                        double error = relativeError(conversation.logits(), prompt.logits()[i]);
                        assertThat(error).isLessThan(model.contains("f32") ? 1e-3 : 2e-2);
                    }
                }
            }
            Continuations.assertGolden(engine, model);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyPlanGivesTheSameContinuations(String model) {
        GpuSource gpus = TestGpus.source();
        ModelSpec spec = Families.read(Fixtures.golden(model));
        RandomPlans plans = new RandomPlans(spec, model.hashCode());
        for (int round = 0; round < PLANS_OF_EACH_MODEL; round++) {
            Plan plan = plans.withGpu();
            OpenModel engine = OpenModel.open(Fixtures.golden(model), plan, options(), gpus);
            try (engine) {
                Continuations.assertGolden(engine, model);
                GeneratorTest.assertGolden(engine, model, 5);
                assertThat(engine.ledger().peak(Tier.GPU)).isLessThanOrEqualTo(GPU_BYTES);
            }
            assertThat(engine.ledger().report()).isEmpty();
        }
    }

    /** Two devices on one card do all that two cards do, but for their speed. */
    @ParameterizedTest
    @MethodSource("models")
    void twoGpusGiveTheSameContinuationsUnderAnyPlan(String model) {
        GpuSource two = TestGpus.onOneCard(2);
        EngineOptions both = options().withGpus(GpuChoice.ALL).withLimits(new MemoryLimits(TWO_ON_A_CARD, 0, disk));
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(model)), 31L * model.hashCode());
        for (int round = 0; round < PLANS_OF_TWO_GPUS; round++) {
            OpenModel engine = OpenModel.open(Fixtures.golden(model), plans.withGpus(2), both, two);
            try (engine) {
                Continuations.assertGolden(engine, model);
                GeneratorTest.assertGolden(engine, model, 5);
            }
            assertThat(engine.ledger().report()).isEmpty();
        }
    }

    /** Experts in groups are computed together; those of a prompt's first rows and of single tokens. */
    @ParameterizedTest
    @ValueSource(strings = {"mixtral-f32", "qwen3moe-f32", "zglm4moe-f32"})
    void expertsInGroupsGiveTheSameLogitsWhereverTheyAre(String model) {
        EngineOptions inGroups = options().withWeights(WeightType.Q4);
        int[] prompt = Expected.of(model).prompts().stream()
                .map(Expected.Prompt::ids)
                .max(Comparator.comparingInt(ids -> ids.length))
                .orElseThrow();
        double[] expected;
        try (OpenModel engine = OpenModel.open(Fixtures.golden(model), inGroups, GpuSource.NONE)) {
            expected = widened(logits(engine, prompt));
        }
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(model)), 5);
        for (int round = 0; round < PLANS_OF_EACH_MODEL; round++) {
            Plan plan = plans.withGpu();
            try (OpenModel engine = OpenModel.open(Fixtures.golden(model), plan, inGroups, TestGpus.source())) {
                assertThat(relativeError(logits(engine, prompt), expected))
                        .as("plan %s", plan)
                        .isLessThan(1e-2); // 16-bit activations in prompts of more than 16 tokens
            }
        }
    }

    /** Of the last token, which comes alone. */
    private static float[] logits(OpenModel engine, int[] prompt) {
        try (Session conversation = engine.session()) {
            conversation.prefill(Arrays.copyOf(prompt, prompt.length - 1), new CancelToken(), ProgressListener.NONE);
            conversation.prefill(prompt, new CancelToken(), ProgressListener.NONE);
            return conversation.logits();
        }
    }

    private static double[] widened(float[] numbers) {
        double[] wide = new double[numbers.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = numbers[i];
        }
        return wide;
    }

    /** To the byte, in units of the driver's. */
    @Test
    void theLedgerHoldsWhatTheFootprintOfAnyPlanSays() {
        ModelSpec spec = Specs.opt(new Dimensions(4, 1024, 16, 16, 64, 4096, 5000, 1024, 512));
        RandomPlans plans = new RandomPlans(spec, 9);
        RandomWeights weights = new RandomWeights(DType.F16, 1, 0);
        EngineOptions options = options().withLimits(new MemoryLimits(2L << 30, 0, disk));
        for (int round = 0; round < PLANS; round++) {
            Plan plan = plans.withGpu();
            try (Machine machine = Machine.open(options, TestGpus.source());
                    Model model = machine.random(spec, weights, plan, options.model());
                    Session session = model.session()) {
                assertThat(session.length()).isZero();
                model.footprint()
                        .held()
                        .forEach((tier, owners) -> owners.forEach(
                                (owner, bytes) -> assertThat(machine.ledger().byOwner(tier))
                                        .as("%s on %s, plan %s", owner, tier, plan)
                                        .containsEntry(owner, bytes)));
            }
        }
    }

    private static double relativeError(float[] actual, double[] expected) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(actual[i] - expected[i], 2);
            size += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / size);
    }
}
