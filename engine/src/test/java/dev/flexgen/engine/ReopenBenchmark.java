package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * A program that measures how long a model of opt-1.3b's shape and random weights takes, on the processor, to go on with a session of
 * 1,500 tokens: reading all of it again, and reading what was kept. To the first logits in both cases.
 */
final class ReopenBenchmark {

    private static final Dimensions OPT_1_3B = new Dimensions(24, 2048, 32, 32, 64, 8192, 50272, 2048, 2048);

    private ReopenBenchmark() {}

    /**
     * Measures and prints.
     *
     * @param arguments a folder for the file, tokens (1500), rounds (3), layers (24); all may be left out
     */
    public static void main(String[] arguments) throws Exception {
        Path folder = arguments.length > 0 ? Path.of(arguments[0]) : Files.createTempDirectory("reopen");
        int tokens = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1500;
        int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 3;
        int layers = arguments.length > 3 ? Integer.parseInt(arguments[3]) : OPT_1_3B.layers();
        for (KvType kv : new KvType[] {KvType.F16, KvType.Q4}) {
            measure(folder.resolve("session.kv"), kv, tokens, rounds, layers);
        }
    }

    private static void measure(Path file, KvType kv, int tokens, int rounds, int layers) throws Exception {
        Dimensions shape = new Dimensions(layers, 2048, 32, 32, 64, 8192, 50272, 2048, 2048);
        EngineOptions options = EngineOptions.defaults().withKv(kv).withContext(shape.positions());
        int[] ids = new Random(1).ints(tokens, 3, shape.vocabulary()).toArray();
        try (OpenModel engine =
                OpenModel.random(Specs.opt(shape), new RandomWeights(DType.F16, 1, 0), options, GpuSource.NONE)) {
            double[] computing = new double[rounds];
            double[] saving = new double[rounds];
            double[] loading = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                try (Session session = engine.session()) {
                    long start = System.nanoTime();
                    session.prefill(ids, new CancelToken(), ProgressListener.NONE);
                    computing[round] = seconds(start);
                    start = System.nanoTime();
                    session.save(file, _ -> true).orElseThrow();
                    saving[round] = seconds(start);
                }
                try (Session session = engine.session()) {
                    long start = System.nanoTime();
                    KvLoad load = session.load(
                            file, ids, Session.Reading.WHERE_FASTER, new CancelToken(), ProgressListener.NONE);
                    session.prefill(ids, new CancelToken(), ProgressListener.NONE);
                    loading[round] = seconds(start);
                    if (load.tokens() < tokens - 64 || load.slower()) {
                        throw new IllegalStateException("it was not read: " + load);
                    }
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "KV %s: %d tokens computed in %.2f s; file of %.1f MB written in %.2f s, read with its last tokens computed"
                            + " in %.3f s; ratio %.0f (medians of %d)%n",
                    kv,
                    tokens,
                    median(computing),
                    Files.size(file) / 1e6,
                    median(saving),
                    median(loading),
                    median(computing) / median(loading),
                    rounds);
            Files.delete(file);
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static double median(double[] numbers) {
        double[] sorted = numbers.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
