package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.device.fake.Faults;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts scored together have the scores that they have alone; one that fails or ends is in nobody's way. */
@Timeout(120)
class ScorerTest {

    private static final long GPU_BYTES = 64 << 20;
    private static final EngineOptions EXACT =
            EngineOptions.defaults().withThreads(2).withKv(KvType.F32);

    /** Around the borders between steps of few and of many rows, and between the parts in which the head is computed. */
    private static final int[] LENGTHS = {1, 2, 9, 17, 18, 19, 41, 3, 34, 35, 36, 37, 12, 60, 5};

    @TempDir
    Path disk;

    /** What became of one text. */
    private static final class Outcome implements Scorer.Listener {

        double @Nullable [] logprobs;

        @Nullable
        EngineException failure;

        int ends;

        @Override
        public void onEnd(double[] scores) {
            logprobs = scores;
            ends++;
        }

        @Override
        public void onFailure(EngineException e) {
            failure = e;
            ends++;
        }
    }

    private static List<Outcome> score(OpenModel engine, int slots, CancelToken cancel, List<int[]> texts) {
        List<Outcome> outcomes = new ArrayList<>();
        List<Scorer.Job> jobs = new ArrayList<>();
        for (int[] text : texts) {
            outcomes.add(new Outcome());
            jobs.add(new Scorer.Job(text, outcomes.getLast()));
        }
        new Scorer(engine.model(), slots, cancel).run(jobs.iterator());
        return outcomes;
    }

    private static List<Outcome> score(OpenModel engine, int slots, List<int[]> texts) {
        return score(engine, slots, new CancelToken(), texts);
    }

    private static int[] ids(int count, int vocabulary, long seed) {
        return new Random(seed).ints(count, 0, vocabulary).toArray();
    }

    private static List<int[]> texts(OpenModel engine) {
        List<int[]> texts = new ArrayList<>();
        for (int length : LENGTHS) {
            texts.add(ids(
                    Math.min(length, engine.model().context()), engine.spec().vocabulary(), texts.size()));
        }
        return texts;
    }

    static Stream<String> models() {
        return Fixtures.kinds();
    }

    @ParameterizedTest
    @MethodSource("models")
    void theProcessorScoresOneAndManyAtATimeAlike(String name) {
        try (OpenModel engine = OpenModel.open(Fixtures.golden(name), EXACT)) {
            List<int[]> texts = texts(engine);
            boolean experts = engine.spec().stack().runs().stream()
                    .anyMatch(run -> run.block().feedForward().experts() > 0);
            long held = engine.ledger().bytes(Tier.HOST);
            for (int slots : new int[] {2, 5, 16, 100}) {
                List<Outcome> together = score(engine, slots, texts);
                for (int i = 0; i < texts.size(); i++) {
                    double[] alone = engine.score(texts.get(i), new CancelToken());
                    assertThat(together.get(i).ends).isEqualTo(1);
                    double[] scores = Objects.requireNonNull(together.get(i).logprobs);
                    assertThat(scores).hasSameSizeAs(alone);
                    assertThat(scores[0]).isNaN();
                    double most = experts && alone.length > 17 ? 1e-4 : 0;
                    for (int at = 1; at < alone.length; at++) {
                        assertThat(scores[at])
                                .as("text of %d tokens, %d at a time", alone.length, slots)
                                .isCloseTo(alone[at], within(most));
                    }
                }
            }
            assertThat(engine.ledger().bytes(Tier.HOST)).isEqualTo(held);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyPlanWithAGpuScoresAsTransformersDo(String name) {
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(name)), name.hashCode());
        EngineOptions options = EXACT.withLimits(new MemoryLimits(GPU_BYTES, 0, disk));
        Expected expected = Expected.of(name);
        FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, 3);
        GpuSource gpus = () -> new GpuSource.Present("fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, settings));
        try (OpenModel engine = OpenModel.open(Fixtures.golden(name), plans.withGpu(), options, gpus)) {
            List<int[]> texts = List.of(expected.scoredIds(), ids(25, 50, 1), ids(4, 50, 2), expected.scoredIds());
            for (int i : new int[] {0, 3}) {
                double[] scores = Objects.requireNonNull(score(engine, 3, texts).get(i).logprobs);
                assertThat(scores).hasSize(expected.scoredIds().length);
                for (int at = 1; at < scores.length; at++) {
                    assertThat(scores[at]).isCloseTo(expected.logProbabilities()[at - 1], within(2e-4));
                }
            }
        }
    }

    private static OpenModel tiny(EngineOptions options, GpuSource gpus) {
        return OpenModel.random(Specs.tiny(200), new RandomWeights(DType.F32, 1, 0), options, gpus);
    }

    @Test
    void weightsAreReadOnceForSeveralTexts() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            List<int[]> few = List.of(ids(9, 97, 1), ids(5, 97, 2), ids(5, 97, 3), ids(17, 97, 4));
            long before = engine.counters().steps();
            score(engine, 4, few);
            assertThat(engine.counters().steps() - before)
                    .as("8 + 4 + 4 tokens in one step, 16 in another")
                    .isEqualTo(2);
            List<int[]> many = List.of(ids(60, 97, 1), ids(30, 97, 2), ids(50, 97, 3), ids(100, 97, 4), ids(40, 97, 5));
            before = engine.counters().steps();
            score(engine, 3, many);
            assertThat(engine.counters().steps() - before)
                    .as("three texts, then the rest: a step takes 200 tokens")
                    .isEqualTo(2);
        }
    }

    @Test
    void aTextThatCannotBeScoredLeavesTheOthersAlone() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            List<Outcome> outcomes = score(
                    engine, 2, List.of(ids(5, 97, 1), ids(201, 97, 2), new int[] {1, 97}, new int[0], ids(200, 97, 3)));
            assertThat(outcomes).extracting(it -> it.ends).containsOnly(1);
            assertThat(outcomes.getFirst().logprobs).hasSize(5);
            assertThat(outcomes.getLast().logprobs).hasSize(200);
            assertThat(outcomes.subList(1, 4))
                    .allSatisfy(outcome -> assertThat(outcome.failure)
                            .isInstanceOfSatisfying(
                                    EngineException.class,
                                    e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INPUT)));
        }
    }

    @Test
    void whereTheMachineHasRoomForTwoTheThirdWaits() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            long before = engine.ledger().bytes(Tier.HOST);
            long page;
            try (Session session = engine.model().session(1)) {
                page = engine.ledger().bytes(Tier.HOST) - before + 0L * session.length();
            }
            engine.ledger().cap(Tier.HOST, before + 2 * page + page / 2);
            List<int[]> texts = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                texts.add(ids(20 + i, 97, i));
            }
            texts.add(ids(190, 97, 9)); // three pages: more than there are, even alone
            List<Outcome> outcomes = score(engine, 5, texts);
            assertThat(outcomes.subList(0, 5))
                    .allSatisfy(outcome -> assertThat(outcome.logprobs).isNotNull());
            assertThat(outcomes.getLast().failure)
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT));
        }
    }

    @Test
    void cancellingEndsAllAndGivesTheirRoomBack() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            long held = engine.ledger().bytes(Tier.HOST);
            CancelToken cancel = new CancelToken();
            cancel.cancel();
            assertThatThrownBy(() -> score(engine, 2, cancel, List.of(ids(40, 97, 1), ids(40, 97, 2))))
                    .isInstanceOf(CancellationException.class);
            assertThat(engine.ledger().bytes(Tier.HOST)).isEqualTo(held);
        }
    }

    @Test
    void aDeviceThatFailsFailsForAll() {
        FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, 1).withFaults(Faults.nth(Faults.Kind.DOWNLOAD, 2));
        EngineOptions options = EXACT.withLimits(new MemoryLimits(GPU_BYTES, 0, null));
        GpuSource gpus = () -> new GpuSource.Present("fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, settings));
        try (OpenModel engine = tiny(options, gpus)) {
            assertThatThrownBy(() -> score(engine, 2, List.of(ids(4, 97, 1), ids(30, 97, 2), ids(4, 97, 3))))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.DEVICE));
        }
    }
}
