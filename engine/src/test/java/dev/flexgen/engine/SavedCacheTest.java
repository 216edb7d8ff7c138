package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A file of keys and values gives a session what was computed. */
@Timeout(120)
class SavedCacheTest extends SavedCaches {

    @ParameterizedTest
    @EnumSource(
            value = KvType.class,
            names = {"F32", "F16", "Q4"})
    void theSamePlanGoesOnWithTheSameBits(KvType kv) {
        for (int length : new int[] {1, 63, 64, 65, 128, 150, 192, 200}) {
            int[] text = Arrays.copyOf(TEXT, length);
            int[] next = join(text, 7, 8, 9);
            float[] expected;
            try (OpenModel engine = tiny(kv);
                    Session session = engine.session()) {
                prefill(session, text);
                assertThat(save(session)).isPresent();
                expected = prefill(session, next);
            }
            try (OpenModel engine = tiny(kv);
                    Session session = engine.session()) {
                assertThat(load(session, next)).isEqualTo(new KvLoad(length, false, Optional.empty()));
                assertThat(session.length()).isEqualTo(length);
                assertThat(prefill(session, next)).isEqualTo(expected);
                assertThat(engine.counters().tokens()).isEqualTo(3);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = KvType.class,
            names = {"F32", "F16", "Q4"})
    void onlyTheCommonBeginningIsTaken(KvType kv) throws IOException {
        try (OpenModel engine = tiny(kv);
                Session session = engine.session()) {
            prefill(session, TEXT);
            save(session);
        }
        for (int common : new int[] {0, 1, 40, 64, 100, 150, 195}) {
            int[] other = join(Arrays.copyOf(TEXT, common), join(new int[] {TEXT[common] == 5 ? 6 : 5}, text(2, 20)));
            try (OpenModel engine = tiny(kv);
                    Session session = engine.session();
                    Session fresh = engine.session()) {
                KvLoad loaded = load(session, other);
                assertThat(loaded.fault()).isEmpty();
                int inSealed = kv == KvType.Q4 && common < 192 ? common / 64 * 64 : common;
                assertThat(loaded.tokens()).isEqualTo(inSealed);
                assertClose(prefill(session, other), prefill(fresh, other), kv);
            }
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
    }

    @Test
    void aSessionThatHoldsAsMuchKeepsIt() {
        try (OpenModel engine = tiny(KvType.F16);
                Session session = engine.session()) {
            prefill(session, Arrays.copyOf(TEXT, 100));
            save(session);
            prefill(session, TEXT);
            assertThat(load(session, TEXT).tokens()).isZero();
            assertThat(session.length()).isEqualTo(200);
            prefill(session, 9, 9, 9);
            assertThat(load(session, TEXT).tokens()).isEqualTo(100);
            assertThat(session.saved(file()).ids()).isEqualTo(Arrays.copyOf(TEXT, 100));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = KvType.class,
            names = {"F16", "Q4"})
    void whateverWasTakenBackIsNotInTheFile(KvType kv) {
        Random random = new Random(4);
        try (OpenModel engine = tiny(kv, gpu(3));
                Session session = engine.session();
                Session other = engine.session()) {
            int[] ids = text(3, 150);
            for (int round = 0; round < 40; round++) {
                int common = random.nextInt(ids.length + 1);
                int[] next = text(round, Math.clamp(common + random.nextInt(120) - 10L, 1, LIMIT - 1));
                System.arraycopy(ids, 0, next, 0, Math.min(common, next.length));
                ids = next;
                prefill(session, ids);
                assertThat(save(session)).isPresent();
                prefill(other, 1);
                KvLoad loaded = load(other, join(ids, 1));
                assertThat(loaded.tokens()).isEqualTo(ids.length);
                assertThat(prefill(other, join(ids, 1))).isEqualTo(prefill(session, join(ids, 1)));
            }
        }
    }

    @Test
    void aSessionThatGoesOnWhileItIsSavedLeavesNoHalfFile() throws Exception {
        try (OpenModel engine = tiny(KvType.F16);
                Session session = engine.session();
                Session reading = engine.session()) {
            for (int round = 0; round < 40; round++) {
                int[] ids = text(round, 200 + round);
                prefill(session, ids);
                OptionalLong[] saved = new OptionalLong[1];
                Thread saving = Thread.ofPlatform().start(() -> saved[0] = save(session));
                Thread.sleep(0, 100_000 * (round % 8));
                prefill(session, text(99, 100));
                greedy(session, 3);
                saving.join();
                if (saved[0].isPresent()) {
                    assertThat(Files.size(file())).isEqualTo(saved[0].getAsLong());
                    int[] held = reading.saved(file()).ids(); // the thread may have begun late
                    assertThat(Arrays.equals(held, ids) || held[0] == text(99, 1)[0])
                            .isTrue();
                    prefill(reading, 1);
                    int[] next = join(held, 5);
                    assertThat(load(reading, next)).isEqualTo(new KvLoad(held.length, false, Optional.empty()));
                    float[] logits = prefill(reading, next);
                    prefill(reading, 1);
                    assertClose(logits, prefill(reading, next), KvType.F16);
                }
                try (Stream<Path> left = Files.list(folder)) {
                    assertThat(left).allMatch(path -> path.equals(file()));
                }
            }
        }
    }

    @Test
    void aCancelledLoadKeepsWhatWasRead() {
        try (OpenModel engine = tiny(KvType.F16);
                Session session = engine.session()) {
            prefill(session, TEXT);
            save(session);
            float[] expected = prefill(session, TEXT);
            prefill(session, 1);
            CancelToken cancel = new CancelToken();
            assertThatThrownBy(() -> session.load(file(), TEXT, KvReading.ALWAYS, cancel, (done, _) -> {
                        if (done == 128) {
                            cancel.cancel();
                        }
                    }))
                    .isInstanceOf(CancellationException.class);
            assertThat(session.length()).isEqualTo(128);
            assertClose(prefill(session, TEXT), expected, KvType.F16);
        }
    }

    @Test
    void whatIsNotHeldIsNotSavedAndADiskThatRefusesIsNamed() {
        try (OpenModel engine = tiny(KvType.F16)) {
            Session session = engine.session();
            assertThat(save(session)).isEmpty();
            prefill(session, TEXT);
            Path nowhere = folder.resolve("nowhere").resolve("talk.kv");
            assertThatThrownBy(() -> session.save(nowhere, _ -> true))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining(nowhere.toString());
            session.close();
            assertThat(save(session)).isEmpty();
            assertThat(file()).doesNotExist();
        }
    }
}
