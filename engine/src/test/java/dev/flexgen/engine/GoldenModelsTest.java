package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine gives the numbers that transformers gives. */
class GoldenModelsTest {

    static Stream<String> models() {
        return Fixtures.models();
    }

    @ParameterizedTest
    @MethodSource("models")
    void logProbabilitiesEqualTransformers(String model) {
        for (int threads : new int[] {1, 2, 3}) {
            EngineOptions exact = EngineOptions.defaults().withThreads(threads).withKv(KvType.F32);
            assertThat(largestError(model, exact)).isLessThan(2e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opt-f16", "opt-bf16", "opt350m-f16-bin-noprefix"})
    void aHalfPrecisionCacheCostsLittleAccuracy(String model) {
        assertThat(largestError(model, EngineOptions.defaults())).isBetween(2e-4, 1e-2);
    }

    private static double largestError(String model, EngineOptions options) {
        Expected expected = Expected.of(model);
        try (OpenModel engine = OpenModel.open(Fixtures.golden(model), options)) {
            double[] scores = engine.score(expected.scoredIds(), new CancelToken());
            assertThat(scores[0]).isNaN();
            double largest = 0;
            for (int i = 1; i < scores.length; i++) { // expected.json has none for the first
                largest = Math.max(largest, Math.abs(scores[i] - expected.logProbabilities()[i - 1]));
            }
            return largest;
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsEqualTransformers(String model) {
        EngineOptions exact = EngineOptions.defaults().withKv(KvType.F32);
        try (OpenModel engine = OpenModel.open(Fixtures.golden(model), exact)) {
            for (Expected.Prompt prompt : Expected.of(model).prompts()) {
                for (int i = 0; i < prompt.positions().length; i++) {
                    int[] beginning = Arrays.copyOf(prompt.ids(), prompt.positions()[i] + 1);
                    try (Session conversation = engine.session()) {
                        conversation.prefill(beginning, new CancelToken(), ProgressListener.NONE);
                        assertClose(conversation.logits(), prompt.logits()[i]);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void greedyContinuationsEqualTransformers(String model) {
        for (int threads : new int[] {1, 2}) {
            try (OpenModel engine = open(model, threads)) {
                for (Expected.Prompt prompt : Expected.of(model).prompts()) {
                    assertThat(Continuations.of(engine, prompt))
                            .as(prompt.name())
                            .isEqualTo(prompt.greedy());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyCutOfTheLayersGivesTheSameContinuation(String model) {
        ModelSpec spec = Families.read(Fixtures.golden(model));
        RandomPlans plans = new RandomPlans(spec, 7);
        for (int round = 0; round < 5; round++) {
            try (OpenModel engine = OpenModel.open(
                    Fixtures.golden(model),
                    plans.inHostMemory(),
                    EngineOptions.defaults().withThreads(2),
                    GpuSource.NONE)) {
                for (Expected.Prompt prompt : Expected.of(model).prompts()) {
                    assertThat(Continuations.of(engine, prompt))
                            .as(prompt.name())
                            .isEqualTo(prompt.greedy());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opt-f32", "opt-bf16"})
    void resultsDoNotDependOnTheNumberOfThreads(String model) {
        double[] one;
        try (OpenModel engine = open(model, 1)) {
            one = engine.score(Expected.of(model).scoredIds(), new CancelToken());
        }
        try (OpenModel engine = open(model, 4)) {
            assertThat(engine.score(Expected.of(model).scoredIds(), new CancelToken()))
                    .isEqualTo(one);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opt-f32", "opt350m-f16-bin-noprefix"})
    void closingGivesEveryByteBack(String model) {
        OpenModel engine = open(model, 2);
        Continuations.of(engine, Expected.of(model).prompts().getLast());
        assertThat(engine.ledger().bytes(Tier.HOST)).isPositive();
        engine.close();
        assertThat(engine.ledger().report()).isEmpty();
    }

    private static void assertClose(float[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).isCloseTo(expected[i], within(2e-4));
        }
    }

    private static OpenModel open(String model, int threads) {
        return OpenModel.open(Fixtures.golden(model), EngineOptions.defaults().withThreads(threads));
    }
}
