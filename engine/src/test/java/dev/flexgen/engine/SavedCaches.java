package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/** What tests of files of keys and values have in common: a folder with one, and a tiny model of random weights. */
abstract class SavedCaches {

    static final long GPU_BYTES = 64 << 20;
    static final RandomWeights RANDOM = new RandomWeights(DType.F32, 5, 0);
    static final int LIMIT = 300;
    static final int[] TEXT = text(1, 200);

    @TempDir
    Path folder;

    Path file() {
        return folder.resolve("talk.kv");
    }

    static GpuSource gpu(long seed) {
        FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, seed);
        return () -> new GpuSource.Present("fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, settings));
    }

    EngineOptions options(KvType kv) {
        return EngineOptions.defaults()
                .withThreads(2)
                .withKv(kv)
                .withLimits(new MemoryLimits(GPU_BYTES, 0, folder.resolve("disk")));
    }

    OpenModel tiny(KvType kv, GpuSource gpus) {
        return OpenModel.random(Specs.tiny(LIMIT), RANDOM, options(kv).withContext(LIMIT), gpus);
    }

    OpenModel tiny(KvType kv) {
        return tiny(kv, GpuSource.NONE);
    }

    static int[] text(long seed, int length) {
        return new Random(seed).ints(length, 3, 97).toArray();
    }

    static int[] join(int[] first, int... second) {
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    static float[] prefill(Session session, int... ids) {
        session.prefill(ids, new CancelToken(), ProgressListener.NONE);
        return session.logits().clone();
    }

    static int[] greedy(Session session, int tokens) {
        GenerationRequest request = new GenerationRequest(tokens, SamplerOptions.greedy(), Set.of());
        return session.generate(request, new CancelToken(), _ -> TokenListener.Verdict.CONTINUE)
                .ids();
    }

    OptionalLong save(Session session) {
        return session.save(file(), _ -> true);
    }

    KvLoad load(Session session, int... prompt) {
        return session.load(file(), prompt, KvReading.ALWAYS, new CancelToken(), ProgressListener.NONE);
    }

    static void assertClose(float[] logits, float[] expected, KvType kv) {
        double most = 0;
        for (int i = 0; i < expected.length; i++) {
            most = Math.max(most, Math.abs(logits[i] - expected[i]));
        }
        assertThat(most).isLessThan(kv == KvType.F32 ? 1e-4 : kv == KvType.F16 ? 1e-3 : 0.05);
    }
}
