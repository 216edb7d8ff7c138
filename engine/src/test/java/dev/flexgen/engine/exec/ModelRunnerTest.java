package dev.flexgen.engine.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.Expected;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.RandomPlans;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.WeightEncodings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps of several sequences, on devices in any order. */
class ModelRunnerTest {

    private static final String MODEL = "opt-f32";
    private static final int CONTEXT = 128;

    @TempDir
    Path disk;

    private final Ledger ledger = new Ledger();
    private final List<Device> devices = new ArrayList<>();

    @AfterEach
    void everythingIsGivenBack() {
        devices.forEach(Device::close);
        assertThat(ledger.report()).isEmpty();
    }

    private ModelRunner open(String model, Plan plan, Device... in) {
        devices.addAll(Arrays.asList(in));
        ModelSpec spec = Families.read(Fixtures.golden(model));
        try (Checkpoint checkpoint = Checkpoints.open(Fixtures.golden(model));
                WorkerPool pool = new WorkerPool(1)) {
            ModelTensors tensors = new ModelTensors(spec, checkpoint);
            return new ModelRunner(
                    new CheckpointRows(tensors, () -> {}, pool),
                    WeightEncodings.asStored(tensors),
                    plan,
                    devices,
                    bytes -> new ScratchFile(ledger, disk, bytes),
                    KvEncoding.F32,
                    Math.min(CONTEXT, spec.positions()),
                    new Activity());
        }
    }

    private Device processor() {
        return new CpuDevice(ledger, new WorkerPool(2));
    }

    private Device gpu(long seed) {
        return new FakeGpu(ledger, FakeGpuSettings.of(16 << 20, seed));
    }

    private static Plan onProcessor() {
        return Plan.onOneDevice(Families.read(Fixtures.golden(MODEL)), Tier.HOST, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"opt-f32", "opt350m-f16-bin-noprefix"})
    void anyPlanOverTwoGpusAndAProcessorBetweenThemGivesTheExpectedLogits(String model) {
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(model)), 5);
        for (int round = 0; round < 10; round++) {
            devices.clear();
            ModelRunner runner = open(model, plans.withTwoGpus(), gpu(round), processor(), gpu(round + 100));
            try (runner;
                    KvCache cache = runner.newCache(0)) {
                Expected.Prompt prompt = Expected.of(model).prompts().getFirst();
                int last = prompt.positions().length - 1;
                int[] ids = Arrays.copyOf(prompt.ids(), prompt.positions()[last] + 1);
                Logits logits = runner.step(Batch.of(cache, ids, 1, new CancelToken()));
                for (int id = 0; id < runner.spec().vocabulary(); id++) {
                    assertThat((double) logits.numbers()[id]).isCloseTo(prompt.logits()[last][id], within(2e-4));
                }
            }
            everythingIsGivenBack();
        }
        devices.clear();
    }

    @Test
    void sequencesOfAStepGetTheLogitsThatTheyGetAlone() {
        try (ModelRunner runner = open(MODEL, onProcessor(), processor())) {
            int[][] prompts = {{2, 5, 9}, {2, 7}, {2, 8, 11, 4, 6}, {3}};
            int[] wanted = {1, 0, 3, 1};
            List<KvCache> caches = new ArrayList<>();
            List<Batch.Sequence> sequences = new ArrayList<>();
            for (int i = 0; i < prompts.length; i++) {
                caches.add(runner.newCache(0));
                sequences.add(new Batch.Sequence(caches.get(i), prompts[i], wanted[i], new CancelToken()));
            }
            Logits together = runner.step(new Batch(sequences));
            for (int i = 0; i < prompts.length; i++) {
                assertThat(together.completed(i)).isTrue();
                assertThat(caches.get(i).length()).isEqualTo(prompts[i].length);
                try (KvCache cache = runner.newCache(0)) {
                    Logits alone = runner.step(Batch.of(cache, prompts[i], wanted[i], new CancelToken()));
                    for (int row = 0; row < wanted[i]; row++) {
                        assertThat(row(together, i, row, runner))
                                .containsExactly(row(alone, 0, row, runner), within(2e-5f));
                    }
                }
                caches.get(i).close();
            }
        }
    }

    private static float[] row(Logits logits, int sequence, int row, ModelRunner runner) {
        float[] numbers = new float[runner.spec().vocabulary()];
        logits.copyRow(sequence, row, numbers);
        return numbers;
    }

    @Test
    void aCancelledSequenceStaysAsItWasAndTheOthersGoOn() {
        try (ModelRunner runner = open(MODEL, onProcessor(), processor());
                KvCache one = runner.newCache(0);
                KvCache other = runner.newCache(0)) {
            CancelToken cancelled = new CancelToken();
            cancelled.cancel();
            Logits logits = runner.step(new Batch(List.of(
                    new Batch.Sequence(one, new int[] {2, 5}, 1, cancelled),
                    new Batch.Sequence(other, new int[] {2, 7}, 1, new CancelToken()))));
            assertThat(logits.completed(0)).isFalse();
            assertThat(one.length()).isZero();
            assertThat(logits.completed(1)).isTrue();
            assertThat(other.length()).isEqualTo(2);
            try (KvCache alone = runner.newCache(0)) {
                Logits expected = runner.step(Batch.of(alone, new int[] {2, 7}, 1, new CancelToken()));
                assertThat(row(logits, 1, 0, runner)).containsExactly(row(expected, 0, 0, runner), within(2e-5f));
            }
        }
    }

    @Test
    void moreTokensThanAStepTakesAreRefused() {
        try (ModelRunner runner = open(MODEL, onProcessor(), processor());
                KvCache cache = runner.newCache(0)) {
            int[] tokens = new int[runner.maxStepTokens() + 1];
            assertThatThrownBy(() -> runner.step(Batch.of(cache, tokens, 1, new CancelToken())))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(cache.length()).isZero();
        }
    }
}
