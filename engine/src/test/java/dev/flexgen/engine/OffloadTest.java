package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where weights lie and who computes with them changes nothing in what a model says. */
class OffloadTest {

    private static final long GPU_BYTES = 64 << 20;
    private static final int PLANS = 20;
    private static final int FEW_PLANS = 5;

    @TempDir
    Path disk;

    private final AtomicReference<@Nullable FakeGpu> gpu = new AtomicReference<>();

    /** All in the long version of the tests; else one for each kind of layers. */
    static Stream<String> models() {
        return Boolean.getBoolean("flexgen.full") ? Fixtures.models() : Fixtures.kinds();
    }

    private GpuSource fake(FakeGpuSettings settings) {
        return () -> new GpuSource.Present("fake GPU", settings.bytes(), ledger -> {
            FakeGpu opened = new FakeGpu(ledger, settings);
            gpu.set(opened);
            return opened;
        });
    }

    private EngineOptions options() {
        return EngineOptions.defaults()
                .withThreads(2)
                .withKv(KvType.F32)
                .withLimits(new MemoryLimits(GPU_BYTES, 0, disk));
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyPlanGivesTheSameContinuations(String model) {
        ModelSpec spec = Families.read(Fixtures.golden(model));
        RandomPlans plans = new RandomPlans(spec, model.hashCode());
        int most = model.startsWith("opt") || Boolean.getBoolean("flexgen.full") ? PLANS : FEW_PLANS;
        for (int round = 0; round < most; round++) {
            Plan plan = plans.withGpu();
            try (OpenModel engine = OpenModel.open(
                    Fixtures.golden(model), plan, options(), fake(FakeGpuSettings.of(GPU_BYTES, round)))) {
                Continuations.assertGolden(engine, model);
                assertThat(engine.ledger().peak(Tier.GPU)).isLessThanOrEqualTo(GPU_BYTES);
            }
            assertNothingIsLeft();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void aProcessorWithADiskGivesTheSameContinuations(String model) {
        ModelSpec spec = Families.read(Fixtures.golden(model));
        RandomPlans plans = new RandomPlans(spec, 3);
        for (int round = 0; round < 5; round++) {
            Plan plan = plans.forProcessor();
            try (OpenModel engine = OpenModel.open(Fixtures.golden(model), plan, options(), GpuSource.NONE)) {
                Continuations.assertGolden(engine, model);
            }
            assertThat(disk).isEmptyDirectory();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyPlanGivesTheSameLogits(String model) {
        ModelSpec spec = Families.read(Fixtures.golden(model));
        Plan plan = new RandomPlans(spec, 11).withGpu();
        try (OpenModel engine =
                OpenModel.open(Fixtures.golden(model), plan, options(), fake(FakeGpuSettings.of(GPU_BYTES, 5)))) {
            for (Expected.Prompt prompt : Expected.of(model).prompts()) {
                for (int i = 0; i < prompt.positions().length; i++) {
                    int[] beginning = Arrays.copyOf(prompt.ids(), prompt.positions()[i] + 1);
                    try (Session conversation = engine.session()) {
                        conversation.prefill(beginning, new CancelToken(), ProgressListener.NONE);
                        float[] logits = conversation.logits();
                        for (int id = 0; id < logits.length; id++) {
                            assertThat((double) logits[id]).isCloseTo(prompt.logits()[i][id], within(2e-4));
                        }
                    }
                }
            }
        }
    }

    private void assertNothingIsLeft() {
        FakeGpu opened = gpu.getAndSet(null);
        if (opened != null) {
            assertThat(opened.statistics().openEvents()).isZero();
            assertThat(opened.statistics().pageableCopies()).isZero();
        }
        assertThat(disk).isEmptyDirectory();
    }
}
