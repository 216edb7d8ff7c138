package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.Threads;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AlternativesTest {

    private static final TokenListener ANYTHING = _ -> Verdict.CONTINUE;

    private final OpenModel engine = OpenModel.random(
            Specs.tiny(700),
            new RandomWeights(DType.F16, 1, 0),
            EngineOptions.defaults().withThreads(2),
            GpuSource.NONE);

    @AfterEach
    void everythingIsGivenBack() {
        engine.close();
        assertThat(engine.ledger().report()).isEmpty();
    }

    private static int[] prompt() {
        return new Random(3).ints(100, 0, 97).toArray();
    }

    private static GenerationRequest request(int seed) {
        return new GenerationRequest(70, new SamplerOptions(1, 0, 1, 0, 1, seed), Set.of());
    }

    private int[] alone(int seed) {
        try (Session session = engine.session()) {
            session.prefill(prompt(), new CancelToken(), ProgressListener.NONE);
            return session.generate(request(seed), new CancelToken(), ANYTHING).ids();
        }
    }

    @Test
    void eachReplyIsTheOneItWouldBeAloneAndTheChosenOneGoesOn() {
        try (Session session = engine.session()) {
            session.prefill(prompt(), new CancelToken(), ProgressListener.NONE);
            long steps = engine.counters().steps();
            long held = engine.ledger().bytes(Tier.HOST);
            List<Generation> replies;
            try (Alternatives four = new Alternatives(session, 4)) {
                replies = four.generate(
                        IntStream.range(0, 4)
                                .mapToObj(AlternativesTest::request)
                                .toList(),
                        Collections.nCopies(4, ANYTHING),
                        new CancelToken());
                assertThat(engine.counters().steps() - steps).isEqualTo(69);
                four.keep(2);
            }
            for (int i = 0; i < 4; i++) {
                assertThat(replies.get(i).ids()).isEqualTo(alone(i));
            }
            assertThat(engine.ledger().bytes(Tier.HOST)).isLessThanOrEqualTo(2 * held);
            int[] more = IntStream.concat(
                            IntStream.of(prompt()), IntStream.of(replies.get(2).ids()))
                    .toArray();
            assertThat(session.prefill(more, new CancelToken(), ProgressListener.NONE))
                    .isEqualTo(1);
        }
    }

    @Test
    void aCancelEndsAllOfThem() {
        try (Session session = engine.session()) {
            session.prefill(prompt(), new CancelToken(), ProgressListener.NONE);
            CancelToken cancel = new CancelToken();
            try (Alternatives three = new Alternatives(session, 3)) {
                List<Integer> heard = new ArrayList<>();
                List<Generation> replies = three.generate(
                        List.of(request(1), request(2), request(3)),
                        Collections.nCopies(3, id -> {
                            heard.add(id);
                            if (heard.size() == 20) {
                                cancel.cancel();
                            }
                            return Verdict.CONTINUE;
                        }),
                        cancel);
                assertThat(replies).allMatch(reply -> reply.reason() == FinishReason.CANCELLED);
            }
            session.prefill(prompt(), new CancelToken(), ProgressListener.NONE);
        }
    }

    @Test
    @Timeout(60)
    void whoeverWatchesSeesLoadingAndSteps() throws InterruptedException {
        Activity activity = engine.machine().activity();
        assertThat(activity.now().loadedBytes())
                .isPositive()
                .isEqualTo(activity.now().toLoadBytes());
        Set<Activity.Step> seen = ConcurrentHashMap.newKeySet();
        CountDownLatch began = new CountDownLatch(1);
        try (Session session = engine.session()) {
            Thread watcher = Thread.ofPlatform().start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    seen.add(activity.now().step());
                    began.countDown();
                }
            });
            began.await();
            while (seen.size() < 2) {
                session.prefill(
                        new Random(seen.size()).ints(600, 0, 97).toArray(), new CancelToken(), ProgressListener.NONE);
                session.prefill(new int[1], new CancelToken(), ProgressListener.NONE);
            }
            watcher.interrupt();
            Threads.joinUninterruptibly(watcher);
        }
        int layers = engine.model().spec().layers();
        assertThat(seen).allMatch(step -> step.rows() == 0 || (step.layers() == layers && step.layer() < layers));
        assertThat(activity.now().rows()).isEqualTo(engine.counters().tokens());
        assertThat(activity.now().step()).isEqualTo(Activity.Step.NONE);
    }
}
