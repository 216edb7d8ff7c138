package dev.flexgen.chat.bundled;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.google.gson.JsonParser;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.OpenModel;
import dev.flexgen.engine.ProgressListener;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.tokenizer.StopStrings;
import dev.flexgen.tokenizer.StreamDecoder;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo model answers through our engine as well as it did where it was trained. */
class DemoModelQualityTest {

    private static final Path EVAL = Path.of("demo-model", "eval");

    @TempDir
    static Path cache;

    /** How often a group's replies were right. */
    private static final class Tally {
        private int right;
        private int all;

        void add(boolean good) {
            all++;
            right += good ? 1 : 0;
        }

        double share() {
            return (double) right / all;
        }
    }

    @BeforeAll
    static void needsTheSources() {
        Assumptions.assumeTrue(Files.isDirectory(EVAL), "the held-out set is in the sources, which are not here");
    }

    @Test
    void theShortSetIsAnsweredAlmostWithoutMistakes() throws IOException {
        Map<String, Tally> tallies = evaluate("short.jsonl");
        assertThat(tallies.values().stream().mapToInt(tally -> tally.right).sum())
                .as(table(tallies))
                .isGreaterThanOrEqualTo(
                        tallies.values().stream().mapToInt(tally -> tally.all).sum() - 3);
    }

    /** All held-out items, some minutes: {@code mvn -pl chat-app -am test -Dexcluded.test.groups= -Dgroups=evaluation}. */
    @Test
    @Tag("evaluation")
    void theHeldOutSetReachesItsGoals() throws IOException {
        Map<String, Tally> tallies = evaluate("heldout.jsonl");
        Files.writeString(Path.of("target", "demo-quality.md"), table(tallies));
        for (String language : List.of("en", "es")) {
            assertThat(share(tallies, "recall " + language)).isGreaterThanOrEqualTo(0.95);
            assertThat(share(tallies, "small sums " + language)).isGreaterThanOrEqualTo(0.95);
            assertThat(share(tallies, "spelling " + language)).isGreaterThanOrEqualTo(0.95);
            assertThat(share(tallies, "reversing " + language)).isGreaterThanOrEqualTo(0.95);
            assertThat(share(tallies, "program " + language)).isGreaterThanOrEqualTo(0.9);
        }
    }

    @Test
    void keysAndValuesIn4BitsKeepThePerplexity() throws IOException {
        assertThat(perplexity(KvType.Q4)).isCloseTo(perplexity(KvType.F16), withinPercentage(1));
    }

    /** Of a few held-out dialogues of some pages. */
    private static double perplexity(KvType kv) throws IOException {
        Path folder = new BundledModels(cache).folder(BundledModel.DEMO);
        double sum = 0;
        int tokens = 0;
        try (OpenModel engine = OpenModel.open(folder, EngineOptions.defaults().withKv(kv));
                Tokenizer tokenizer = Tokenizers.open(folder, cache.resolve("native"))) {
            for (String line :
                    Files.readAllLines(EVAL.resolve("perplexity.jsonl")).subList(0, 4)) {
                String text = JsonParser.parseString(line)
                        .getAsJsonObject()
                        .get("text")
                        .getAsString();
                double[] scores = engine.score(tokenizer.encode(text), new CancelToken());
                assertThat(scores).hasSizeGreaterThan(3 * 64);
                sum += Arrays.stream(scores).skip(1).sum();
                tokens += scores.length - 1;
            }
        }
        return Math.exp(-sum / tokens);
    }

    private static double share(Map<String, Tally> tallies, String group) {
        return Objects.requireNonNull(tallies.get(group), group).share();
    }

    private static Map<String, Tally> evaluate(String set) throws IOException {
        Map<String, Tally> tallies = new TreeMap<>();
        List<String> wrong = new ArrayList<>();
        Path folder = new BundledModels(cache).folder(BundledModel.DEMO);
        try (OpenModel engine = OpenModel.open(folder, EngineOptions.defaults());
                Tokenizer tokenizer = Tokenizers.open(folder, cache.resolve("native"))) {
            for (HeldOutItem item : HeldOutItem.read(EVAL.resolve(set))) {
                String reply = reply(engine, tokenizer, item);
                boolean good = item.passes(reply);
                tallies.computeIfAbsent(item.group() + " " + item.language(), _ -> new Tally())
                        .add(good);
                if (!good) {
                    wrong.add(item.id() + ": " + item.question() + " -> " + reply);
                }
            }
        }
        assertThat(wrong).as("wrong replies").hasSizeLessThan(200);
        return tallies;
    }

    private static String reply(OpenModel engine, Tokenizer tokenizer, HeldOutItem item) {
        StreamDecoder decoder = new StreamDecoder(tokenizer);
        StopStrings stop = new StopStrings(PromptFormat.of(PromptStyle.DEMO).stopStrings());
        StringBuilder reply = new StringBuilder();
        try (Session conversation = engine.session()) {
            conversation.prefill(tokenizer.encode(item.prompt()), new CancelToken(), ProgressListener.NONE);
            GenerationRequest request = new GenerationRequest(
                    96, SamplerOptions.greedy(), engine.spec().endTokens());
            conversation.generate(request, new CancelToken(), id -> {
                reply.append(stop.push(decoder.next(id)));
                return stop.stopped() ? Verdict.STOP : Verdict.CONTINUE;
            });
        }
        return reply.append(stop.stopped() ? "" : stop.push(decoder.flush()) + stop.flush())
                .toString()
                .strip();
    }

    private static String table(Map<String, Tally> tallies) {
        StringBuilder table = new StringBuilder("| group | right | of |\n| --- | --- | --- |\n");
        tallies.forEach((group, tally) ->
                table.append(String.format(Locale.ROOT, "| %s | %d | %d |%n", group, tally.right, tally.all)));
        return table.toString();
    }
}
