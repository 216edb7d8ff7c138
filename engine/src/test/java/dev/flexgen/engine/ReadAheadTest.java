package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reading the beginning of a prompt before its end is known changes no bit of what follows. */
class ReadAheadTest {

    private static OpenModel open(KvType kv) {
        return OpenModel.random(
                Specs.tiny(700),
                new RandomWeights(DType.F16, 1, 0),
                EngineOptions.defaults().withThreads(2).withKv(kv),
                GpuSource.NONE);
    }

    private static int[] ids(int count, long seed) {
        return new Random(seed).ints(count, 0, 97).toArray();
    }

    private static float[] logits(Session session, int[] prompt) {
        session.prefill(prompt, new CancelToken(), ProgressListener.NONE);
        return session.logits().clone();
    }

    @ParameterizedTest
    @EnumSource(
            value = KvType.class,
            names = {"F32", "F16", "Q4"})
    void whateverWasReadAheadThePromptGivesTheSameBits(KvType kv) {
        try (OpenModel engine = open(kv)) {
            Random random = new Random(7);
            int[] history = ids(60, 1);
            for (int count : List.of(61, 70, 77, 78, 120, 300, 575, 580, 590, 640)) {
                int[] prompt = Arrays.copyOf(history, count);
                System.arraycopy(ids(count, 2), 0, prompt, 60, count - 60);
                try (Session ahead = engine.session();
                        Session plain = engine.session()) {
                    logits(ahead, history);
                    logits(plain, history);
                    for (int round = 0; round < 4; round++) {
                        int[] draft = Arrays.copyOf(prompt, 60 + random.nextInt(count - 60) + 1);
                        if (random.nextInt(3) == 0) {
                            draft[draft.length - 1 - random.nextInt(draft.length - 60)] ^= 1;
                        }
                        assertThat(ahead.readAhead(draft, () -> true, new CancelToken()))
                                .isTrue();
                    }
                    assertThat(logits(ahead, prompt)).as("%d tokens", count).isEqualTo(logits(plain, prompt));
                }
            }
        }
    }

    @Test
    void whatWasReadAheadIsNotReadAgain() {
        try (OpenModel engine = open(KvType.F32);
                Session session = engine.session()) {
            int[] prompt = ids(400, 1);
            session.readAhead(Arrays.copyOf(prompt, 390), () -> true, new CancelToken());
            long before = engine.counters().tokens();
            assertThat(session.prefill(prompt, new CancelToken(), ProgressListener.NONE))
                    .isEqualTo(17);
            assertThat(engine.counters().tokens() - before).isEqualTo(17);
        }
    }

    @Test
    void aCancelledReaderKeepsWholeStepsAndHarmsNothing() {
        try (OpenModel engine = open(KvType.F32);
                Session session = engine.session()) {
            CancelToken cancelled = new CancelToken();
            cancelled.cancel();
            assertThat(session.readAhead(ids(300, 1), () -> true, cancelled)).isFalse();
            assertThat(session.length()).isZero();
            assertThat(logits(session, ids(30, 3))).hasSize(97);
        }
    }

    @Test
    void withAGpuOnlyWholeStepsAreReadAhead() {
        ReadAhead ahead = new ReadAhead(true, 512);
        assertThat(ahead.next(40, 500)).isZero();
        assertThat(ahead.next(40, 528)).isZero();
        assertThat(ahead.next(40, 529)).isEqualTo(512);
        assertThat(ahead.keep(600)).isEqualTo(552);
        assertThat(ahead.usable(552, 569)).isEqualTo(552);
    }

    @Test
    void aStepOfThePromptIsNeverSmallBehindALargeOne() {
        assertThat(ReadAhead.step(520, 512)).isEqualTo(503);
        assertThat(ReadAhead.step(529, 512)).isEqualTo(512);
        assertThat(ReadAhead.step(16, 512)).isEqualTo(16);
        assertThat(ReadAhead.step(20, 16)).isEqualTo(16);
    }
}
