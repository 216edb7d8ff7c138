package dev.flexgen.chat.bundled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.quant.DequantisedModel;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.Encoding.Grouped;
import dev.flexgen.engine.quant.GroupQuantizer;
import dev.flexgen.engine.quant.LeastSquaresQuantizer;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What weights in groups cost the demo model: its perplexity on conversations that it was not trained on. */
class WeightQualityTest {

    private static final Path EVAL = Path.of("demo-model", "eval");

    @TempDir
    static Path folder;

    private static Path demo = Path.of("");

    @BeforeAll
    static void needsTheSources() {
        Assumptions.assumeTrue(Files.isDirectory(EVAL), "the held-out set is in the sources, which are not here");
        demo = new BundledModels(folder.resolve("cache")).folder(BundledModel.DEMO);
    }

    @Test
    void eightBitsCostNearlyNothingAndFourLittle() throws IOException {
        List<int[]> texts = texts("short.jsonl", 4);
        double exact = perplexity(demo, WeightType.F16, texts);
        assertThat(perplexity(demo, WeightType.Q8, texts) / exact).isBetween(0.999, 1.001);
        assertThat(perplexity(demo, WeightType.Q4, texts) / exact).isBetween(0.98, 1.02);
    }

    @Test
    void theErrorOfTheDemoModelsWeightsIsSmallerThanFromLeastToGreatest() throws IOException {
        assertThat(saved((Grouped) Encoding.Q4, "4")).isGreaterThan(0.16);
    }

    private static double saved(Grouped encoding, String name) throws IOException {
        double plain = DequantisedModel.write(demo, folder.resolve("plain" + name), encoding, GroupQuantizer.MIN_MAX);
        double ours =
                DequantisedModel.write(demo, folder.resolve("ours" + name), encoding, LeastSquaresQuantizer.INSTANCE);
        return 1 - ours / plain;
    }

    /** The table in docs/BENCHMARKS.md: {@code mvn -pl chat-app -am test -Dsurefire.failIfNoSpecifiedTests=false -Dexcluded.test.groups= -Dgroups=evaluation -Dtest=WeightQualityTest}. */
    @Test
    @Tag("evaluation")
    void theTable() throws IOException {
        List<int[]> texts = texts("heldout.jsonl", 10);
        StringBuilder table =
                new StringBuilder("| weights | perplexity | over F16 | error saved |\n| --- | --- | --- | --- |\n");
        double exact = perplexity(demo, WeightType.F16, texts);
        row(table, "F16", exact, exact, "");
        for (WeightType type : List.of(WeightType.Q8, WeightType.Q4, WeightType.Q3)) {
            Grouped encoding = (Grouped) type.encoding().orElseThrow();
            String saved = String.format(Locale.ROOT, "%.1f %%", 100 * saved(encoding, "table" + type));
            row(table, type.name(), perplexity(demo, type, texts), exact, saved);
            row(
                    table,
                    type + " from least to greatest",
                    perplexity(folder.resolve("plaintable" + type), WeightType.NATIVE, texts),
                    exact,
                    "");
        }
        Files.writeString(Path.of("target", "weight-quality.md"), table);
    }

    private static void row(StringBuilder table, String name, double perplexity, double exact, String saved) {
        table.append(String.format(
                Locale.ROOT,
                "| %s | %.4f | %+.3f %% | %s |%n",
                name,
                perplexity,
                100 * (perplexity / exact - 1),
                saved));
    }

    /** Every {@code step}th conversation of a set. */
    private static List<int[]> texts(String set, int step) throws IOException {
        List<int[]> texts = new ArrayList<>();
        List<HeldOutItem> items = HeldOutItem.read(EVAL.resolve(set));
        try (Tokenizer tokenizer = Tokenizers.open(demo, folder.resolve("native"))) {
            for (int i = 0; i < items.size(); i += step) {
                texts.add(tokenizer.encode(items.get(i).prompt()));
            }
        }
        return texts;
    }

    private static double perplexity(Path model, WeightType weights, List<int[]> texts) {
        EngineOptions options =
                EngineOptions.defaults().withWeights(weights).withKv(KvType.F32).withThreads(2);
        double sum = 0;
        long count = 0;
        try (OpenModel engine = OpenModel.open(model, options)) {
            for (int[] text : texts) {
                double[] scores = engine.score(text, new CancelToken());
                for (int i = 1; i < scores.length; i++) {
                    sum += scores[i];
                    count++;
                }
            }
        }
        return Math.exp(-sum / count);
    }
}
