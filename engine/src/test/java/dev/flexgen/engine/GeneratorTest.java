package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.device.fake.Faults;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Replies made together are those made alone; one that fails or ends is in nobody's way. */
@Timeout(120)
class GeneratorTest {

    private static final long GPU_BYTES = 64 << 20;
    /** More than are read one by one. */
    private static final int MANY = 20;

    private static final EngineOptions EXACT =
            EngineOptions.defaults().withThreads(2).withKv(KvType.F32);

    @TempDir
    Path disk;

    /** What became of one prompt. */
    private static final class Outcome implements Generator.Listener {
        final List<Integer> heard = new ArrayList<>();

        @Nullable
        Generation generation;

        @Nullable
        EngineException failure;

        int ends;
        Runnable onToken = () -> {};

        @Override
        public Verdict onToken(int id) {
            heard.add(id);
            onToken.run();
            return Verdict.CONTINUE;
        }

        @Override
        public void onEnd(Generation end) {
            generation = end;
            ends++;
        }

        @Override
        public void onFailure(EngineException e) {
            failure = e;
            ends++;
        }
    }

    private static Generator.Job job(int[] prompt, int tokens, Outcome outcome) {
        return new Generator.Job(prompt, new GenerationRequest(tokens, SamplerOptions.greedy(), Set.of()), outcome);
    }

    /** Some prompts, so many at a time, continue as transformers continue them. */
    static void assertGolden(OpenModel engine, String name, int slots) {
        List<Outcome> outcomes = new ArrayList<>();
        List<Generator.Job> jobs = new ArrayList<>();
        List<Expected.Prompt> prompts = Expected.of(name).prompts();
        int count = slots + 3;
        for (int i = 0; i < count; i++) { // more than slots, and the same prompts at other places in the batch
            Expected.Prompt prompt = prompts.get(i % prompts.size());
            outcomes.add(new Outcome());
            jobs.add(job(prompt.ids(), prompt.greedy().length, outcomes.getLast()));
        }
        new Generator(engine.model(), slots, new CancelToken()).run(jobs.iterator());
        for (int i = 0; i < count; i++) {
            Outcome outcome = outcomes.get(i);
            int[] greedy = prompts.get(i % prompts.size()).greedy();
            assertThat(outcome.heard.stream().mapToInt(it -> it).toArray())
                    .as("%d at a time, by %s", slots, engine.plan())
                    .isEqualTo(greedy);
            assertThat(outcome.ends).isEqualTo(1);
            assertThat(outcome.generation).isNotNull();
        }
    }

    static Stream<String> models() {
        return Fixtures.kinds();
    }

    @ParameterizedTest
    @MethodSource("models")
    void theProcessorSaysTheSameToOneAndToFiveAtATime(String name) {
        try (OpenModel engine = OpenModel.open(Fixtures.golden(name), EXACT)) {
            assertGolden(engine, name, 1);
            long held = engine.ledger().bytes(Tier.HOST);
            assertGolden(engine, name, 5);
            assertGolden(engine, name, MANY);
            assertThat(engine.ledger().bytes(Tier.HOST)).isEqualTo(held);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void soDoesEveryPlanWithAGpu(String name) {
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(name)), name.hashCode());
        EngineOptions options = EXACT.withLimits(new MemoryLimits(GPU_BYTES, 0, disk));
        int rounds = Boolean.getBoolean("flexgen.full") ? 20 : 2;
        for (int round = 0; round < rounds; round++) {
            FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, round);
            GpuSource gpus =
                    () -> new GpuSource.Present("fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, settings));
            try (OpenModel engine = OpenModel.open(Fixtures.golden(name), plans.withGpu(), options, gpus)) {
                assertGolden(engine, name, round % 2 == 0 ? 5 : MANY);
            }
        }
    }

    /** Steps of 200 tokens take prompts of 60 by threes and fours, beside what is written already. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "Q4"})
    void manyPromptsShareSteps(KvType kv) {
        try (OpenModel engine = tiny(EXACT.withKv(kv), GpuSource.NONE)) {
            List<Generator.Job> jobs = new ArrayList<>();
            List<Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < 3 * MANY; i++) {
                outcomes.add(new Outcome());
                jobs.add(job(ids(60 - i % 7, i), 9, outcomes.get(i)));
            }
            long before = engine.counters().steps();
            new Generator(engine.model(), MANY, new CancelToken()).run(jobs.iterator());

            assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.heard).hasSize(9));
            long read = 3L * MANY * 57 / 200;
            assertThat(engine.counters().steps() - before).isBetween(read, read + 3 * 9 + 4);
            if (kv == KvType.F32) {
                for (int i = 0; i < outcomes.size(); i += 7) {
                    Outcome alone = new Outcome();
                    new Generator(engine.model(), 1, new CancelToken())
                            .run(List.of(job(ids(60 - i % 7, i), 9, alone)).iterator());
                    assertThat(outcomes.get(i).heard).isEqualTo(alone.heard);
                }
            }
        }
    }

    @Test
    void cancellingWhilePromptsAreReadGivesTheirRoomBack() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            long held = engine.ledger().bytes(Tier.HOST);
            CancelToken cancel = new CancelToken();
            List<Outcome> outcomes = new ArrayList<>();
            List<Generator.Job> jobs = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                outcomes.add(new Outcome());
                outcomes.getLast().onToken = cancel::cancel;
                jobs.add(job(ids(60, i), 9, outcomes.get(i)));
            }
            assertThatThrownBy(() -> new Generator(engine.model(), MANY, cancel).run(jobs.iterator()))
                    .isInstanceOf(CancellationException.class);
            assertThat(outcomes.getFirst().generation).isNotNull();
            assertThat(outcomes.getLast().ends).as("its prompt was never read").isZero();
            assertThat(engine.ledger().bytes(Tier.HOST)).isEqualTo(held);
        }
    }

    private static OpenModel tiny(EngineOptions options, GpuSource gpus) {
        return OpenModel.random(Specs.tiny(200), new RandomWeights(DType.F32, 1, 0), options, gpus);
    }

    private static int[] ids(int count, long seed) {
        return new Random(seed).ints(count, 0, 97).toArray();
    }

    @Test
    void logitsAreTheSameToTheLastBitWhateverElseIsInTheStep() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            List<Session> together = new ArrayList<>();
            List<Session> alone = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                for (List<Session> sessions : List.of(together, alone)) {
                    sessions.add(engine.session());
                    sessions.getLast().prefill(ids(3 + 7 * i, i), new CancelToken(), ProgressListener.NONE);
                }
            }
            for (int step = 0; step < 3; step++) {
                int id = step;
                Stream.concat(together.stream(), alone.stream()).forEach(session -> session.append(id));
                SessionStep.run(engine.model(), together, new CancelToken());
                alone.forEach(session -> SessionStep.run(engine.model(), List.of(session), new CancelToken()));
                for (int i = 0; i < 9; i++) {
                    assertThat(together.get(i).logits()).isEqualTo(alone.get(i).logits());
                }
            }
            together.forEach(Session::close);
            alone.forEach(Session::close);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, MANY})
    void aPromptThatCannotBeServedLeavesTheOthersAlone(int slots) {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            Outcome first = new Outcome();
            Outcome tooLong = new Outcome();
            Outcome foreign = new Outcome();
            Outcome empty = new Outcome();
            Outcome last = new Outcome();
            List<Generator.Job> jobs = List.of(
                    job(ids(5, 1), 6, first),
                    job(ids(201, 2), 6, tooLong),
                    job(new int[] {1, 97}, 6, foreign),
                    job(new int[0], 6, empty),
                    job(ids(200, 3), 6, last));
            new Generator(engine.model(), slots, new CancelToken()).run(jobs.iterator());

            assertThat(first.heard).hasSize(6);
            assertThat(last.heard).as("one more token than the context holds").hasSize(1);
            assertThat(List.of(tooLong, foreign, empty)).allSatisfy(outcome -> {
                assertThat(outcome.ends).isEqualTo(1);
                assertThat(outcome.failure)
                        .isInstanceOfSatisfying(
                                EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INPUT));
            });
        }
    }

    @Test
    void oneThatEndsMakesRoomForTheNextAndWeightsAreReadOnceForAll() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            int[] lengths = {2, 20, 5, 5, 5, 3};
            List<Generator.Job> jobs = new ArrayList<>();
            List<Outcome> outcomes = new ArrayList<>();
            for (int i = 0; i < lengths.length; i++) {
                outcomes.add(new Outcome());
                jobs.add(job(ids(4, i), lengths[i], outcomes.get(i)));
            }
            long before = engine.counters().steps();
            new Generator(engine.model(), 2, new CancelToken()).run(jobs.iterator());

            for (int i = 0; i < lengths.length; i++) {
                assertThat(outcomes.get(i).heard).hasSize(lengths[i]);
            }
            // A prefill each; beside the 19 steps of the longest, the others' all fit.
            assertThat(engine.counters().steps() - before).isEqualTo(6 + 19);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, MANY})
    void whereTheMachineHasRoomForTwoTheThirdWaits(int slots) {
        long page = pageBytes();
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            engine.ledger().cap(Tier.HOST, engine.ledger().bytes(Tier.HOST) + 2 * page + page / 2);
            List<Outcome> outcomes = new ArrayList<>();
            List<Generator.Job> jobs = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                outcomes.add(new Outcome());
                jobs.add(job(ids(4, i), 5 + i, outcomes.get(i)));
            }
            Outcome hopeless = new Outcome();
            jobs.add(job(ids(190, 9), 5, hopeless)); // four pages: more than there are, even alone
            new Generator(engine.model(), slots, new CancelToken()).run(jobs.iterator());

            assertThat(outcomes)
                    .allSatisfy(outcome -> assertThat(outcome.generation).isNotNull());
            assertThat(hopeless.failure)
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT));
        }
    }

    private static long pageBytes() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            long before = engine.ledger().bytes(Tier.HOST);
            try (Session session = engine.model().session(1)) {
                return engine.ledger().bytes(Tier.HOST) - before + 0L * session.length();
            }
        }
    }

    @Test
    void cancellingEndsAllAndGivesTheirRoomBack() {
        try (OpenModel engine = tiny(EXACT, GpuSource.NONE)) {
            long held = engine.ledger().bytes(Tier.HOST);
            CancelToken cancel = new CancelToken();
            Outcome outcome = new Outcome();
            outcome.onToken = () -> {
                if (outcome.heard.size() == 3) {
                    cancel.cancel();
                }
            };
            List<Generator.Job> jobs = List.of(job(ids(4, 1), 50, outcome), job(ids(4, 2), 50, new Outcome()));
            assertThatThrownBy(() -> new Generator(engine.model(), 2, cancel).run(jobs.iterator()))
                    .isInstanceOf(CancellationException.class);
            assertThat(outcome.generation).isNotNull().satisfies(generation -> {
                assertThat(generation.reason()).isEqualTo(FinishReason.CANCELLED);
                assertThat(generation.ids()).hasSize(3);
            });
            assertThat(engine.ledger().bytes(Tier.HOST)).isEqualTo(held);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, MANY})
    void aDeviceThatFailsFailsForAll(int slots) {
        FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, 1).withFaults(Faults.nth(Faults.Kind.DOWNLOAD, 4));
        EngineOptions options = EXACT.withLimits(new MemoryLimits(GPU_BYTES, 0, null));
        GpuSource gpus = () -> new GpuSource.Present("fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, settings));
        try (OpenModel engine = tiny(options, gpus)) {
            List<Generator.Job> jobs = List.of(job(ids(4, 1), 50, new Outcome()), job(ids(4, 2), 50, new Outcome()));
            Generator generator = new Generator(engine.model(), slots, new CancelToken());
            assertThatThrownBy(() -> generator.run(jobs.iterator()))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.DEVICE));
        }
    }
}
