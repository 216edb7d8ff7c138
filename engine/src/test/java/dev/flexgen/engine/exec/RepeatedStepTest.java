package dev.flexgen.engine.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
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
import dev.flexgen.engine.plan.ActiveShares;
import dev.flexgen.engine.plan.ExpertUse;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.WeightEncodings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A device that meets activations beyond its range computes the step once more, and the results are those of any other device. */
class RepeatedStepTest {

    /** Less than the activations of the golden models. */
    private static final float RANGE = 0.25f;

    @TempDir
    Path disk;

    /** Logits, how many operations it took, and what was counted of experts and neurons. */
    private record Run(
            List<float[]> logits, long operations, Optional<ExpertUse> experts, Optional<ActiveShares> neurons) {}

    @ParameterizedTest
    @CsvSource({"opt-f32,F32", "llama-f32,F32", "mixtral-f32,F32", "opt-f16-bin,Q4"})
    void resultsAreTheSameToTheBit(String model, String kv) {
        KvEncoding encoding = kv.equals("Q4") ? KvEncoding.Q4 : KvEncoding.F32;
        FakeGpuSettings settings = FakeGpuSettings.of(32 << 20, 7);
        Run wide = run(model, encoding, settings, RepeatedStepTest::onTheGpu);
        Run narrow = run(model, encoding, settings.withRange(RANGE), RepeatedStepTest::onTheGpu);
        assertThat(narrow.logits()).usingRecursiveComparison().isEqualTo(wide.logits());
        assertThat(narrow.operations())
                .as("every step is computed twice, maybe with other experts at first")
                .isBetween(7 * wide.operations() / 4, 9 * wide.operations() / 4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixtral-f32", "opt-f32"})
    void whatIsComputedTwiceIsCountedOnce(String model) {
        FakeGpuSettings settings = FakeGpuSettings.of(32 << 20, 7);
        Run wide = run(model, KvEncoding.F32, settings, RepeatedStepTest::neuronsOnTheProcessor);
        Run narrow = run(model, KvEncoding.F32, settings.withRange(RANGE), RepeatedStepTest::neuronsOnTheProcessor);
        assertThat(narrow.operations()).isGreaterThan(3 * wide.operations() / 2);
        assertThat(narrow.experts()).isEqualTo(wide.experts());
        assertThat(narrow.neurons()).isEqualTo(wide.neurons());
        assertThat(narrow.experts().isPresent()).isEqualTo(model.startsWith("mixtral"));
        assertThat(narrow.neurons().isPresent()).isEqualTo(model.startsWith("opt"));
    }

    private static Plan onTheGpu(ModelSpec spec) {
        return Plan.onOneDevice(spec, Tier.GPU, 0);
    }

    /** Where active neurons are counted. */
    private static Plan neuronsOnTheProcessor(ModelSpec spec) {
        Plan gpu = onTheGpu(spec);
        List<LayerPlan> processor = Plan.onOneDevice(spec, Tier.HOST, 1).layers();
        List<LayerPlan> layers = IntStream.range(0, spec.layers())
                .mapToObj(i -> new LayerPlan(
                        0,
                        gpu.layers().get(i).heads(),
                        processor.get(i).up(),
                        processor.get(i).down(),
                        processor.get(i).experts()))
                .toList();
        return new Plan(0, layers, gpu.head(), Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
    }

    /** A prompt in two steps, the first of which nobody reads, the second of which fills a page and more, and what follows. */
    private Run run(String model, KvEncoding kv, FakeGpuSettings settings, Function<ModelSpec, Plan> plan) {
        Ledger ledger = new Ledger();
        ModelSpec spec = Families.read(Fixtures.golden(model));
        int[] ids = IntStream.range(0, 103).map(i -> 3 + i * 7 % 50).toArray();
        List<float[]> logits = new ArrayList<>();
        long operations;
        Optional<ExpertUse> experts;
        Optional<ActiveShares> neurons;
        try (FakeGpu gpu = new FakeGpu(ledger, settings);
                Checkpoint checkpoint = Checkpoints.open(Fixtures.golden(model));
                WorkerPool pool = new WorkerPool(1)) {
            ModelTensors tensors = new ModelTensors(spec, checkpoint);
            try (ModelRunner runner = new ModelRunner(
                            new CheckpointRows(tensors, () -> {}, pool),
                            WeightEncodings.asStored(tensors),
                            plan.apply(spec),
                            List.of(gpu, new CpuDevice(ledger, pool)),
                            bytes -> new ScratchFile(ledger, disk, bytes),
                            kv,
                            Math.min(128, spec.positions()),
                            new Activity());
                    KvCache cache = runner.newCache(0)) {
                for (int[] step : new int[][] {{0, 10, 0}, {10, 100, 2}, {100, 101, 1}, {101, 103, 1}}) {
                    int[] some = Arrays.copyOfRange(ids, step[0], step[1]);
                    logits.add(runner.step(Batch.of(cache, some, step[2], new CancelToken()))
                            .numbers());
                    assertThat(cache.length()).isEqualTo(step[1]);
                }
                experts = runner.expertUse();
                neurons = runner.activeShares();
            }
            operations = gpu.statistics().operations();
        }
        assertThat(ledger.report()).isEmpty();
        return new Run(logits, operations, experts, neurons);
    }
}
