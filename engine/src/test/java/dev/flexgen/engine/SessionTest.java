package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.exec.Counters;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Conversations over a tiny model of random weights. */
@Timeout(60)
class SessionTest {

    private static final int POSITIONS = 700;
    private static final TokenListener ANYTHING = id -> Verdict.CONTINUE;

    private final OpenModel engine = OpenModel.random(
            Specs.tiny(POSITIONS),
            new RandomWeights(DType.F32, 1, 0),
            EngineOptions.defaults().withThreads(2),
            GpuSource.NONE);
    private final Session conversation = engine.session();

    @AfterEach
    void everythingIsGivenBack() {
        conversation.close();
        engine.close();
        assertThat(engine.ledger().report()).isEmpty();
    }

    private static int[] ids(int count, long seed) {
        return new Random(seed).ints(count, 0, 97).toArray();
    }

    private static int[] join(int[] first, int... second) {
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    private static int prefill(Session conversation, int... ids) {
        return conversation.prefill(ids, new CancelToken(), ProgressListener.NONE);
    }

    private static GenerationRequest greedy(int tokens) {
        return new GenerationRequest(tokens, SamplerOptions.greedy(), Set.of());
    }

    private Generation generate(int tokens) {
        return conversation.generate(greedy(tokens), new CancelToken(), ANYTHING);
    }

    /** What a conversation that never held anything else says after {@code prompt}. */
    private int[] fresh(int[] prompt, int tokens) {
        try (Session other = engine.session()) {
            prefill(other, prompt);
            return other.generate(greedy(tokens), new CancelToken(), ANYTHING).ids();
        }
    }

    @Test
    void onlyNewTokensAreComputed() {
        int[] prompt = ids(50, 1);
        assertThat(prefill(conversation, prompt)).isEqualTo(50);
        int[] said = generate(10).ids();
        assertThat(conversation.length()).isEqualTo(59); // the last one was chosen, not computed
        int[] next = join(join(prompt, said), ids(5, 2));
        assertThat(prefill(conversation, next)).isEqualTo(6);
        assertThat(engine.counters()).isEqualTo(new Counters(56 + 9, 11));
    }

    @Test
    void theSamePromptAgainComputesItsLastTokenOnly() {
        int[] prompt = ids(64, 1);
        prefill(conversation, prompt);
        float[] logits = conversation.logits();
        assertThat(prefill(conversation, prompt)).isEqualTo(1);
        assertThat(conversation.length()).isEqualTo(64);
        assertClose(conversation.logits(), logits);
    }

    @Test
    void aRollbackContinuesLikeAFreshConversation() {
        int[] first = ids(200, 1);
        prefill(conversation, first);
        generate(20);
        int[] second = join(Arrays.copyOf(first, 90), ids(40, 3));
        assertThat(prefill(conversation, second)).isBetween(39, 40);
        assertThat(conversation.length()).isEqualTo(130);
        assertThat(generate(30).ids()).isEqualTo(fresh(second, 30));
    }

    @Test
    void aPrefixOfWhatIsHeldRollsBackToIt() {
        int[] prompt = ids(100, 1);
        prefill(conversation, prompt);
        int[] prefix = Arrays.copyOf(prompt, 30);
        assertThat(prefill(conversation, prefix)).isEqualTo(1);
        assertThat(generate(5).ids()).isEqualTo(fresh(prefix, 5));
    }

    @Test
    void aPromptLongerThanAStepGivesTheSameLogitsAsItsPieces() {
        int[] prompt = ids(600, 4);
        prefill(conversation, prompt);
        float[] whole = conversation.logits();
        try (Session pieces = engine.session()) {
            for (int length : new int[] {1, 2, 13, 77, 78, 300, 599, 600}) {
                prefill(pieces, Arrays.copyOf(prompt, length));
            }
            assertClose(pieces.logits(), whole);
        }
        double[] scores = engine.score(prompt, new CancelToken());
        prefill(conversation, Arrays.copyOf(prompt, 599));
        assertThat(logProbability(conversation.logits(), prompt[599])).isCloseTo(scores[599], within(1e-4));
    }

    private static double logProbability(float[] logits, int id) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        return logits[id] - Math.log(sum);
    }

    private static void assertClose(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(1e-4f));
        }
    }

    @Test
    void progressGoesFromNothingToAll() {
        List<Integer> done = new ArrayList<>();
        conversation.prefill(ids(600, 4), new CancelToken(), (tokens, total) -> {
            assertThat(total).isEqualTo(600);
            done.add(tokens);
        });
        assertThat(done).startsWith(0).endsWith(600).isSorted().hasSizeGreaterThan(2);
    }

    @Test
    void cancellingBetweenTwoStepsKeepsWhatWasComputed() {
        int[] prompt = ids(600, 4);
        CancelToken cancel = new CancelToken();
        assertThatThrownBy(() -> conversation.prefill(prompt, cancel, (done, total) -> {
                    if (done > 0) {
                        cancel.cancel();
                    }
                }))
                .isInstanceOf(CancellationException.class);
        int held = conversation.length();
        assertThat(held).isEqualTo(512);
        assertThatThrownBy(() -> generate(1)).isInstanceOf(IllegalStateException.class);
        assertThat(prefill(conversation, prompt)).isEqualTo(600 - held);
        assertThat(generate(10).ids()).isEqualTo(fresh(prompt, 10));
    }

    @Test
    void aPrefillCancelledFromAnotherThreadLeavesAConsistentConversation() throws InterruptedException {
        int[] prompt = ids(600, 5);
        for (int round = 0; round < 10; round++) {
            CancelToken cancel = new CancelToken();
            CountDownLatch started = new CountDownLatch(1);
            int micros = round * 300;
            Thread canceller = Thread.ofPlatform().start(() -> {
                awaitStart(started);
                LockSupport.parkNanos(micros * 1000L);
                cancel.cancel();
            });
            try {
                conversation.prefill(prompt, cancel, (done, total) -> started.countDown());
            } catch (CancellationException e) {
                assertThat(conversation.length()).isIn(0, 512);
            }
            canceller.join();
            prefill(conversation, (prompt[0] + 1) % 97);
        }
        prefill(conversation, prompt);
        assertThat(generate(10).ids()).isEqualTo(fresh(prompt, 10));
    }

    private static void awaitStart(CountDownLatch started) {
        try {
            started.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aReplyCancelledByItsListenerKeepsWhatWasSaid() {
        int[] prompt = ids(20, 6);
        prefill(conversation, prompt);
        CancelToken cancel = new CancelToken();
        List<Integer> heard = new ArrayList<>();
        Generation reply = conversation.generate(greedy(100), cancel, id -> {
            heard.add(id);
            if (heard.size() == 5) {
                cancel.cancel();
            }
            return Verdict.CONTINUE;
        });
        assertThat(reply.reason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(reply.tokens()).isEqualTo(heard).hasSize(5);
        int[] next = join(prompt, reply.ids());
        assertThat(prefill(conversation, next)).isEqualTo(1);
        assertThat(generate(10).ids()).isEqualTo(fresh(next, 10));
    }

    @Test
    void aReplyCancelledFromAnotherThreadEnds() throws InterruptedException {
        int[] prompt = ids(20, 6);
        prefill(conversation, prompt);
        CancelToken cancel = new CancelToken();
        CountDownLatch started = new CountDownLatch(1);
        Thread canceller = Thread.ofPlatform().start(() -> {
            awaitStart(started);
            cancel.cancel();
        });
        Generation reply = conversation.generate(greedy(100_000), cancel, id -> {
            started.countDown();
            return Verdict.CONTINUE;
        });
        canceller.join();
        assertThat(reply.reason()).isIn(FinishReason.CANCELLED, FinishReason.LENGTH);
        assertThat(reply.ids()).startsWith(fresh(prompt, 1));
        int[] next = join(prompt, reply.ids());
        int[] prefix = Arrays.copyOf(next, Math.min(next.length, POSITIONS));
        prefill(conversation, prefix);
        assertThat(generate(3).ids()).isEqualTo(fresh(prefix, 3));
    }

    @Test
    void aRequestCancelledBeforeItStartsSaysNothing() {
        prefill(conversation, ids(5, 1));
        CancelToken cancel = new CancelToken();
        cancel.cancel();
        Generation reply = conversation.generate(greedy(10), cancel, ANYTHING);
        assertThat(reply.tokens()).isEmpty();
        assertThat(reply.reason()).isEqualTo(FinishReason.CANCELLED);
        assertThatThrownBy(() -> conversation.prefill(ids(9, 2), cancel, ProgressListener.NONE))
                .isInstanceOf(CancellationException.class);
    }

    @Test
    void aListenerThatThrowsLeavesAConsistentConversation() {
        int[] prompt = ids(20, 6);
        prefill(conversation, prompt);
        assertThatThrownBy(() -> conversation.generate(greedy(10), new CancelToken(), id -> {
                    throw new IllegalArgumentException("terminal gone");
                }))
                .hasMessage("terminal gone");
        assertThatThrownBy(() -> generate(1)).isInstanceOf(IllegalStateException.class);
        prefill(conversation, prompt);
        assertThat(generate(10).ids()).isEqualTo(fresh(prompt, 10));
    }

    @Test
    void generatingNeedsAPrefillEachTime() {
        assertThatThrownBy(() -> generate(1)).isInstanceOf(IllegalStateException.class);
        prefill(conversation, 1, 2);
        generate(1);
        assertThatThrownBy(() -> generate(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theListenerMayStopTheReply() {
        prefill(conversation, ids(20, 6));
        Generation reply = conversation.generate(greedy(100), new CancelToken(), id -> Verdict.STOP);
        assertThat(reply.reason()).isEqualTo(FinishReason.STOP);
        assertThat(reply.tokens()).hasSize(1);
    }

    @Test
    void anEndTokenEndsTheReplyAndIsNotPartOfIt() {
        int[] prompt = ids(20, 6);
        int[] expected = fresh(prompt, 50);
        int end = expected[expected.length - 1];
        prefill(conversation, prompt);
        GenerationRequest request = new GenerationRequest(50, SamplerOptions.greedy(), Set.of(end, 96));
        Generation reply = conversation.generate(request, new CancelToken(), ANYTHING);
        assertThat(reply.reason()).isEqualTo(FinishReason.EOS);
        assertThat(expected).startsWith(reply.ids());
        assertThat(reply.tokens()).doesNotContain(end).hasSizeLessThan(50);
    }

    @Test
    void aPromptOfTheWholeContextHasRoomForOneTokenMore() {
        prefill(conversation, ids(POSITIONS, 7));
        assertThat(conversation.length()).isEqualTo(conversation.limit()).isEqualTo(POSITIONS);
        Generation reply = generate(5);
        assertThat(reply.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(reply.tokens()).hasSize(1);
    }

    @Test
    void aReplyEndsWhereTheContextIsFull() {
        prefill(conversation, ids(POSITIONS - 3, 7));
        Generation reply = generate(100);
        assertThat(reply.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(reply.tokens()).hasSize(4);
        assertThat(conversation.length()).isEqualTo(POSITIONS);
    }

    @Test
    void aPromptBeyondTheContextIsRefused() {
        prefill(conversation, 1, 2, 3);
        assertRefused(ids(POSITIONS + 1, 7), "The prompt has 701 tokens, but the context holds 700");
        assertThat(conversation.length()).isEqualTo(3);
    }

    @Test
    void idsOutsideTheVocabularyAreRefused() {
        assertRefused(new int[] {1, 97}, "Token id 97 at place 2 is not in the model's vocabulary of 97");
        assertRefused(new int[] {-1}, "Token id -1 at place 1");
        assertRefused(new int[0], "There are no tokens to compute");
    }

    private void assertRefused(int[] prompt, String message) {
        assertThatThrownBy(() -> prefill(conversation, prompt))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INPUT))
                .hasMessageContaining(message);
        assertThatThrownBy(() -> engine.score(prompt, new CancelToken()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(message);
    }

    @Test
    void oneIdHasNoProbability() {
        assertThat(engine.score(new int[] {5}, new CancelToken())).containsExactly(Double.NaN);
    }

    @Test
    void scoringLeavesNoCacheBehindEvenWhenCancelled() {
        long before = engine.ledger().bytes(Tier.HOST);
        CancelToken cancel = new CancelToken();
        cancel.cancel();
        assertThatThrownBy(() -> engine.score(ids(100, 1), cancel)).isInstanceOf(CancellationException.class);
        engine.score(ids(POSITIONS, 1), new CancelToken());
        assertThat(engine.ledger().bytes(Tier.HOST)).isEqualTo(before);
    }

    @Test
    void twoConversationsDoNotMix() {
        int[] one = ids(70, 1);
        int[] two = ids(65, 2);
        int[] expected = fresh(one, 10);
        prefill(conversation, one);
        try (Session other = engine.session()) {
            prefill(other, two);
            assertThat(generate(10).ids()).isEqualTo(expected);
        }
    }
}
