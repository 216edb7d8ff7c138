package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.sample.SamplerOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is drafted, a reply is what it would be without, token by token. */
class SpeculationTest {

    private static final int[] PROMPT = {2, 5, 9, 5, 9, 5};
    private static final int TOKENS = 40;

    /** Drafts the truth, in part, and asks for nothing. */
    private record Oracle(int[] truth, double right, Random random) implements Drafter {
        @Override
        public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
            int from = length - PROMPT.length;
            int[] draft = Arrays.copyOfRange(truth, from, Math.min(truth.length, from + most));
            for (int i = 0; i < draft.length; i++) {
                if (random.nextDouble() > right) {
                    draft[i] = random.nextInt(50);
                }
            }
            return draft;
        }

        @Override
        public void close() {}
    }

    private static final class Failing implements Drafter {
        private int calls;

        @Override
        public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
            calls++;
            throw EngineException.placement("no room");
        }

        @Override
        public void close() {}
    }

    private static GenerationRequest request(double temperature, double penalty) {
        var sampling = new SamplerOptions(temperature, 0, 0.95, 0, penalty, 7);
        return new GenerationRequest(TOKENS, sampling, Set.of());
    }

    private static int[] reply(Session session, GenerationRequest request, @Nullable Drafter drafter) {
        session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
        List<Integer> heard = new ArrayList<>();
        TokenListener listener = id -> {
            heard.add(id);
            return TokenListener.Verdict.CONTINUE;
        };
        Generation generation;
        if (drafter == null) {
            generation = session.generate(request, new CancelToken(), listener);
        } else {
            try (var speculation = new Speculation(drafter)) {
                generation = session.generate(request, new CancelToken(), listener, speculation);
            }
        }
        assertThat(heard).isEqualTo(generation.tokens());
        return generation.ids();
    }

    private static OpenModel open(String model) {
        return open(model, KvType.F32);
    }

    private static OpenModel open(String model, KvType kv) {
        return OpenModel.open(
                Fixtures.golden(model), EngineOptions.defaults().withThreads(2).withKv(kv));
    }

    @ParameterizedTest
    @ValueSource(strings = {"opt-f32", "opt-f16", "opt350m-f32", "galactica-f32"})
    void aDraftOfAnyQualityChangesNothing(String model) {
        try (OpenModel engine = open(model);
                Session session = engine.session()) {
            for (double temperature : new double[] {0, 1.1}) {
                for (double penalty : new double[] {1, 1.3}) {
                    int[] truth = reply(session, request(temperature, penalty), null);
                    for (double right : new double[] {1, 0.7, 0}) {
                        assertThat(reply(
                                        session,
                                        request(temperature, penalty),
                                        new Oracle(truth, right, new Random(3))))
                                .as("temperature %s, penalty %s, %s right", temperature, penalty, right)
                                .containsExactly(truth);
                    }
                    assertThat(reply(session, request(temperature, penalty), new LookupDrafter()))
                            .containsExactly(truth);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(KvType.class)
    void everyCacheRollsBack(KvType kv) {
        try (OpenModel engine = open("opt-f32", kv);
                Session session = engine.session()) {
            int[] truth = reply(session, request(0, 1), null);
            int[] drafted = reply(session, request(0, 1), new Oracle(truth, 0.6, new Random(1)));
            assertThat(drafted).containsExactly(truth);
            assertThat(session.length()).isLessThanOrEqualTo(PROMPT.length + TOKENS);
            // What a draft left behind must not be taken for a part of the conversation.
            assertThat(reply(session, request(0, 1), null)).containsExactly(truth);
        }
    }

    @Test
    void goodDraftsSaveStepsAndAreCounted() {
        try (OpenModel engine = open("opt-f32");
                Session session = engine.session()) {
            int[] truth = reply(session, request(0, 1), null);
            session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
            long before = engine.counters().steps();
            try (var speculation = new Speculation(new Oracle(truth, 1, new Random(1)))) {
                session.generate(request(0, 1), new CancelToken(), _ -> TokenListener.Verdict.CONTINUE, speculation);
                assertThat(speculation.accepted()).isPositive().isEqualTo(speculation.drafted());
                assertThat(engine.counters().steps() - before + speculation.accepted())
                        .isEqualTo(TOKENS - 1);
            }
        }
    }

    @Test
    void aModelDraftsForItself() {
        try (OpenModel engine = open("opt-f32");
                Session session = engine.session()) {
            int[] truth = reply(session, request(0, 1), null);
            var drafter = ModelDrafter.of(engine.model(), engine.model(), session.limit());
            try (var speculation = new Speculation(drafter)) {
                session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
                Generation generation = session.generate(
                        request(0, 1), new CancelToken(), _ -> TokenListener.Verdict.CONTINUE, speculation);
                assertThat(generation.ids()).containsExactly(truth);
                assertThat(speculation.accepted()).isEqualTo(speculation.drafted());
            }
        }
    }

    @Test
    void anotherVocabularyIsRefused() {
        try (OpenModel draft = open("galactica-f32");
                OpenModel target = open("opt-f32")) {
            assertThatThrownBy(() -> ModelDrafter.of(draft.model(), target.model(), 10))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("vocabulary");
        }
    }

    @Test
    void aDrafterThatFailsIsLeftAlone() {
        var failing = new Failing();
        try (OpenModel engine = open("opt-f32");
                Session session = engine.session()) {
            int[] truth = reply(session, request(0, 1), null);
            assertThat(reply(session, request(0, 1), failing)).containsExactly(truth);
            assertThat(failing.calls).isEqualTo(1);
        }
    }

    /** Has to read and cannot. */
    private record Illegible() implements Drafter {
        @Override
        public int behind(int[] ids, int length) {
            return length;
        }

        @Override
        public void read(int[] ids, int length, CancelToken cancel) {
            throw EngineException.placement("no room");
        }

        @Override
        public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
            throw new AssertionError("nothing was read");
        }

        @Override
        public void close() {}
    }

    @Test
    void aFailureIsKeptForWhoeverAsks() {
        try (OpenModel engine = open("opt-f32");
                Session session = engine.session();
                var speculation = new Speculation(new Illegible())) {
            int[] truth = reply(session, request(0, 1), null);
            assertThat(speculation.failure()).isEmpty();
            session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
            Generation generation = session.generate(
                    request(0, 1), new CancelToken(), _ -> TokenListener.Verdict.CONTINUE, speculation);
            assertThat(generation.ids()).containsExactly(truth);
            assertThat(speculation.failure())
                    .hasValueSatisfying(it -> assertThat(it).contains("no room"));
        }
    }

    /** Says nothing that is right, and counts how often it is asked. */
    private static final class Wrong implements Drafter {
        private final int[] truth;
        private int early;
        private int late;

        Wrong(int[] truth) {
            this.truth = truth;
        }

        @Override
        public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
            int at = length - PROMPT.length;
            if (at <= 20) {
                early++;
            } else {
                late++;
            }
            int[] draft = new int[most];
            for (int i = 0; i < most; i++) {
                draft[i] = (truth[Math.min(truth.length - 1, at + i)] + 1) % 50;
            }
            return draft;
        }

        @Override
        public void close() {}
    }

    @Test
    void draftsThatAreAllWrongAreGivenUpWithinTwentyTokens() {
        try (OpenModel engine = open("opt-f32");
                Session session = engine.session()) {
            int[] truth = reply(session, request(0, 1), null);
            Wrong wrong = new Wrong(truth);
            assertThat(reply(session, request(0, 1), wrong)).containsExactly(truth);
            assertThat(wrong.early).isPositive();
            assertThat(wrong.late)
                    .as("tries later, where a step took unusually long")
                    .isLessThanOrEqualTo(2);
        }
    }

    @Test
    void cancellingInTheMiddleOfADraftEndsTheReply() {
        try (OpenModel engine = open("opt-f32");
                Session session = engine.session()) {
            int[] truth = reply(session, request(0, 1), null);
            for (int call = 1; call < 4; call++) {
                var cancel = new CancelToken();
                int[] calls = {call};
                var own = ModelDrafter.of(engine.model(), engine.model(), session.limit(), (_, id) -> {
                    if (--calls[0] == 0) {
                        cancel.cancel(); // the draft model's next step ends within half a layer
                    }
                    return id;
                });
                session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
                try (var speculation = new Speculation(own)) {
                    Generation generation =
                            session.generate(request(0, 1), cancel, _ -> TokenListener.Verdict.CONTINUE, speculation);
                    assertThat(generation.reason()).isEqualTo(FinishReason.CANCELLED);
                    assertThat(truth).startsWith(generation.ids());
                    assertThat(session.length()).isEqualTo(PROMPT.length + generation.ids().length - 1);
                }
            }
            assertThat(reply(session, request(0, 1), null)).containsExactly(truth);
        }
    }

    @Test
    void aReplyThatIsStoppedOrCancelledKeepsWhatWasSaid() {
        try (OpenModel engine = open("opt-f32");
                Session session = engine.session()) {
            int[] truth = reply(session, request(0, 1), null);
            for (int end = 1; end < 12; end++) {
                int stop = end;
                for (boolean cancelled : new boolean[] {false, true}) {
                    session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
                    var cancel = new CancelToken();
                    List<Integer> heard = new ArrayList<>();
                    try (var speculation = new Speculation(new Oracle(truth, 1, new Random(1)))) {
                        session.generate(
                                request(0, 1),
                                cancel,
                                id -> {
                                    heard.add(id);
                                    if (heard.size() == stop && cancelled) {
                                        cancel.cancel();
                                    }
                                    return heard.size() == stop && !cancelled
                                            ? TokenListener.Verdict.STOP
                                            : TokenListener.Verdict.CONTINUE;
                                },
                                speculation);
                    }
                    assertThat(heard)
                            .containsExactlyElementsOf(
                                    Arrays.stream(truth, 0, stop).boxed().toList());
                    assertThat(session.length()).isBetween(PROMPT.length + stop - 1, PROMPT.length + stop);
                }
            }
            assertThat(reply(session, request(0, 1), null)).containsExactly(truth);
        }
    }

    @Test
    void aSessionThatIsNearlyFullDraftsNoFurther() {
        try (OpenModel engine = open("opt-f32");
                Session session = engine.model().session(PROMPT.length + 9)) {
            int[] truth = reply(session, request(0, 1), null);
            assertThat(truth).hasSize(10);
            assertThat(reply(session, request(0, 1), new Oracle(truth, 1, new Random(1))))
                    .containsExactly(truth);
        }
    }

    @Test
    void anyPlanVerifiesTheSameWay(@TempDir Path disk) {
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden("opt-f32")), 11);
        for (int round = 0; round < 6; round++) {
            Plan plan = plans.withGpu();
            FakeGpuSettings settings = FakeGpuSettings.of(64 << 20, round);
            GpuSource gpu =
                    () -> new GpuSource.Present("fake GPU", settings.bytes(), ledger -> new FakeGpu(ledger, settings));
            EngineOptions options = EngineOptions.defaults()
                    .withThreads(2)
                    .withKv(KvType.F32)
                    .withLimits(new MemoryLimits(64 << 20, 0, disk));
            try (OpenModel engine = OpenModel.open(Fixtures.golden("opt-f32"), plan, options, gpu);
                    Session session = engine.session()) {
                int[] truth = reply(session, request(0, 1), null);
                assertThat(reply(session, request(0, 1), new Oracle(truth, 0.7, new Random(2))))
                        .containsExactly(truth);
            }
        }
    }
}
