package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions whose full pages are in 4 bits: what they compute, however a text is cut into steps, edited and cancelled. */
class SealedCacheTest {

    private static final RandomWeights RANDOM = new RandomWeights(DType.F32, 5, 0);
    private static final int LIMIT = 300;
    private static final long GPU_BYTES = 64 << 20;

    @TempDir
    Path disk;

    private EngineOptions options(KvType kv) {
        return EngineOptions.defaults()
                .withThreads(2)
                .withKv(kv)
                .withContext(LIMIT)
                .withLimits(new MemoryLimits(GPU_BYTES, 0, disk));
    }

    private OpenModel open(ModelSpec spec, KvType kv) {
        return OpenModel.random(spec, RANDOM, options(kv), GpuSource.NONE);
    }

    /** Two layers with heads of so many channels. */
    private static ModelSpec heads(int width) {
        return Specs.opt(new Dimensions(2, 2 * width, 2, 2, width, 64, 97, 2 * width, LIMIT));
    }

    private static int[] text(long seed, int length) {
        return new Random(seed).ints(length, 3, 97).toArray();
    }

    private static float[] prefill(Session session, int... ids) {
        session.prefill(ids, new CancelToken(), ProgressListener.NONE);
        return session.logits().clone();
    }

    /** The largest difference, in units of how far logits are from each other. */
    private static double distance(float[] logits, float[] expected) {
        double mean = 0;
        for (float logit : expected) {
            mean += logit / expected.length;
        }
        double variance = 0;
        double most = 0;
        for (int i = 0; i < expected.length; i++) {
            variance += (expected[i] - mean) * (expected[i] - mean) / expected.length;
            most = Math.max(most, Math.abs(logits[i] - expected[i]));
        }
        return most / Math.sqrt(variance);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 33, 64, 80, 128})
    void theLogitsAreThoseOfACacheInF16OrNearly(int width) {
        try (OpenModel exact = open(heads(width), KvType.F16);
                OpenModel sealed = open(heads(width), KvType.Q4)) {
            for (int length : new int[] {63, 64, 65, 128, 129, 290}) {
                try (Session one = exact.session();
                        Session other = sealed.session()) {
                    int[] ids = text(length, length);
                    double distance = distance(prefill(other, ids), prefill(one, ids));
                    assertThat(distance).as("%d tokens", length).isLessThan(0.15);
                    if (length <= 64) {
                        assertThat(distance).as("%d tokens", length).isZero();
                    } else {
                        assertThat(distance).as("%d tokens", length).isPositive();
                    }
                }
            }
        }
    }

    @Test
    void upTo16RowsGetTheBitsThatTheyGetOneByOne() {
        try (OpenModel engine = open(heads(24), KvType.Q4)) {
            int[] ids = text(3, 200);
            for (int step : new int[] {2, 5, 9, 16}) {
                try (Session one = engine.session();
                        Session several = engine.session()) {
                    for (int length = step; length <= ids.length; length += step) {
                        for (int i = length - step + 1; i <= length; i++) {
                            prefill(one, Arrays.copyOf(ids, i));
                        }
                        assertThat(prefill(several, Arrays.copyOf(ids, length)))
                                .as("%d tokens in steps of %d", length, step)
                                .isEqualTo(one.logits());
                    }
                }
            }
        }
    }

    @Test
    void howATextIsCutIntoStepsHardlyMatters() {
        try (OpenModel engine = open(heads(64), KvType.Q4);
                Session atOnce = engine.session();
                Session cut = engine.session()) {
            int[] ids = text(4, 280);
            Random random = new Random(8);
            for (int length = 1; length < ids.length; length += 1 + random.nextInt(40)) {
                prefill(cut, Arrays.copyOf(ids, length));
            }
            assertThat(distance(prefill(cut, ids), prefill(atOnce, ids))).isLessThan(0.01);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void editsForksAndCancelledStepsLeaveTheTextsOwnLogits(int seed) {
        Random random = new Random(seed);
        ModelSpec spec = Specs.tiny(LIMIT);
        FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, seed);
        GpuSource gpus = () -> new GpuSource.Present("fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, settings));
        try (OpenModel engine = seed % 2 == 0
                        ? open(spec, KvType.Q4)
                        : OpenModel.random(spec, RANDOM, options(KvType.Q4), gpus);
                OpenModel exact = open(spec, KvType.F16);
                Session session = engine.session()) {
            int[] ids = text(seed, 150);
            for (int round = 0; round < 25; round++) {
                int common = random.nextInt(ids.length + 1);
                int length = Math.clamp(common + random.nextInt(120) - 10L, 1, LIMIT);
                int[] next = text(round, length);
                System.arraycopy(ids, 0, next, 0, Math.min(common, length));
                ids = next;
                if (round % 3 == 0) {
                    cancelled(session, ids, random.nextInt(3));
                }
                try (Session fresh = exact.session()) {
                    assertThat(distance(prefill(session, ids), prefill(fresh, ids)))
                            .as("round %d", round)
                            .isLessThan(0.2);
                }
            }
        }
    }

    /** Computes until a few progress reports have come. */
    private static void cancelled(Session session, int[] ids, int reports) {
        CancelToken cancel = new CancelToken();
        try {
            int[] left = {reports};
            session.prefill(ids, cancel, (done, total) -> {
                if (left[0]-- == 0) {
                    cancel.cancel();
                }
            });
        } catch (CancellationException e) {
            assertThat(cancel.cancelled()).isTrue();
        }
    }

    @Test
    void aRegeneratedReplyComputesAtMostAPageAgain() {
        try (OpenModel engine = open(Specs.tiny(LIMIT), KvType.Q4);
                Session session = engine.session()) {
            int[] ids = text(1, 280);
            prefill(session, ids);
            int[] edited = text(2, 200);
            System.arraycopy(ids, 0, edited, 0, 150);
            long before = engine.counters().tokens();
            prefill(session, edited);
            assertThat(engine.counters().tokens() - before).isEqualTo(200 - 128);
        }
    }

    @Test
    void thePlanHasTheSessionsBytes() {
        ModelSpec spec = Specs.opt(new Dimensions(2, 128, 2, 2, 64, 128, 97, 128, 2048));
        EngineOptions options = options(KvType.Q4).withContext(2048);
        try (OpenModel engine = OpenModel.random(spec, RANDOM, options, GpuSource.NONE);
                Session session = engine.session()) {
            long page = 2L * 2 * 2 * 64 * 64 * 2; // two layers, keys and values, two heads, 64 positions
            assertThat(session.limit()).isEqualTo(2048);
            assertThat(engine.ledger().byOwner(Tier.HOST))
                    .isEqualTo(engine.model().footprint().held().get(Tier.HOST))
                    .containsEntry("KV cache", 2 * page + 31 * page * 9 / 32);
        }
    }
}
