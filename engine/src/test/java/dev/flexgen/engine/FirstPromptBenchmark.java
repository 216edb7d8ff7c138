package dev.flexgen.engine;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * A program that measures what the first prompts of a process take, with a model of opt-1.3b's shape and random weights on the
 * processor: to the first logits, and layer by layer in the first one. The same prompt again and again, by a session that forgets it.
 */
final class FirstPromptBenchmark {

    private static final Dimensions OPT_1_3B = new Dimensions(24, 2048, 32, 32, 64, 8192, 50272, 2048, 2048);
    private static final long LOOK_MILLIS = 5;

    private FirstPromptBenchmark() {}

    /**
     * Measures and prints.
     *
     * @param arguments tokens of the prompt (20), prompts (4); both may be left out
     */
    public static void main(String[] arguments) throws Exception {
        int tokens = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20;
        int prompts = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4;
        EngineOptions options = EngineOptions.defaults().withContext(OPT_1_3B.positions());
        long begin = System.nanoTime();
        try (OpenModel engine = OpenModel.random(
                        Specs.opt(OPT_1_3B), new RandomWeights(DType.F16, 1, 0.06), options, GpuSource.NONE);
                Session session = engine.session()) {
            System.out.printf(
                    Locale.ROOT, "loaded in %.2f s, %.2f s of processor time%n", seconds(begin), processorSeconds());
            Thread watch = Thread.ofPlatform()
                    .daemon()
                    .start(() -> watch(engine.machine().activity()));
            for (int prompt = 1; prompt <= prompts; prompt++) {
                int[] ids = new Random(prompt)
                        .ints(tokens, 3, OPT_1_3B.vocabulary())
                        .toArray();
                double processor = processorSeconds();
                long start = System.nanoTime();
                session.prefill(ids, new CancelToken(), ProgressListener.NONE);
                double read = seconds(start);
                double reading = processorSeconds() - processor;
                start = System.nanoTime();
                session.generate(
                        new GenerationRequest(4, SamplerOptions.greedy(), Set.of()),
                        new CancelToken(),
                        _ -> TokenListener.Verdict.CONTINUE);
                System.out.printf(
                        Locale.ROOT,
                        "prompt %d: %d tokens in %.2f s (%.2f s of processor time), then 4 in %.2f s%n",
                        prompt,
                        tokens,
                        read,
                        reading,
                        seconds(start));
            }
            watch.interrupt();
        }
    }

    private static void watch(Activity activity) {
        int seen = 0;
        long start = 0;
        StringBuilder line = new StringBuilder("layers begin at");
        try {
            while (seen < OPT_1_3B.layers() - 1) {
                Activity.Step step = activity.now().step();
                if (step.rows() > 1 && start == 0) {
                    start = System.nanoTime();
                }
                if (step.rows() > 1 && step.layer() > seen) {
                    seen = step.layer();
                    line.append(String.format(Locale.ROOT, " %d: %.2f s", seen, seconds(start)));
                }
                Thread.sleep(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the prompts are over
        }
        System.out.println(line);
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static double processorSeconds() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                        .getProcessCpuTime()
                / 1e9;
    }
}
