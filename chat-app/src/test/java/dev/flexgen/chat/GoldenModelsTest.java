package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.tokenizer.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The whole program against what Hugging Face transformers says in double precision, for every tiny model there is. */
class GoldenModelsTest {

    /** Between natural logarithms of probabilities. */
    private static final double TOLERANCE = 2e-4;

    @TempDir
    Path home;

    @Test
    void thereAreModels() {
        assumeThat(Checkout.root()).as("the models lie in the source tree").isPresent();
        assertThat(Checkout.goldenModels()).hasSizeGreaterThan(5);
    }

    @TestFactory
    Stream<DynamicTest> scoresAndGreedyIdsAreThoseOfTransformers() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path model : Checkout.goldenModels()) {
            for (int threads : new int[] {1, 2}) {
                String name = model.getFileName() + " with " + threads + (threads == 1 ? " thread" : " threads");
                tests.add(DynamicTest.dynamicTest(name, () -> check(model, Integer.toString(threads))));
            }
        }
        return tests.stream();
    }

    private void check(Path model, String threads) throws IOException {
        JsonObject expected = expected(model);
        checkScore(model, threads, expected.getAsJsonObject("logprobs"));
        for (JsonElement prompt : expected.getAsJsonArray("prompts")) {
            checkGreedy(model, threads, prompt.getAsJsonObject());
        }
        if (Tokenizers.present(model)) {
            for (JsonElement text : expected.getAsJsonObject("text").getAsJsonArray("cases")) {
                checkText(model, threads, text.getAsJsonObject());
            }
        }
    }

    private void checkScore(Path model, String threads, JsonObject wanted) {
        String ids = join(wanted.getAsJsonArray("input_ids"));

        JsonObject line = run("score", "-m", model.toString(), "--ids", ids, "--json", "--threads", threads);

        JsonArray logprobs = line.getAsJsonArray("logprobs");
        JsonArray wantedLogprobs = wanted.getAsJsonArray("logprobs");
        assertThat(join(line.getAsJsonArray("ids"))).isEqualTo(ids);
        assertThat(logprobs.get(0).isJsonNull()).isTrue();
        assertThat(logprobs).hasSize(wantedLogprobs.size() + 1);
        for (int i = 0; i < wantedLogprobs.size(); i++) {
            assertThat(logprobs.get(i + 1).getAsDouble())
                    .as("position %d", i + 1)
                    .isCloseTo(wantedLogprobs.get(i).getAsDouble(), within(TOLERANCE));
        }
    }

    private void checkGreedy(Path model, String threads, JsonObject prompt) {
        JsonArray wanted = prompt.getAsJsonObject("greedy").getAsJsonArray("tokens");

        JsonObject line = generate(
                model, threads, wanted.size(), "--ids", join(prompt.getAsJsonArray("input_ids")), "--ignore-eos");

        assertThat(join(line.getAsJsonArray("ids"))).isEqualTo(join(wanted));
        assertThat(line.get("finish_reason").getAsString()).isEqualTo("length");
    }

    private void checkText(Path model, String threads, JsonObject text) {
        JsonArray wanted = text.getAsJsonArray("greedy_tokens");

        JsonObject line = generate(
                model, threads, wanted.size(), "--prompt", text.get("text").getAsString());

        assertThat(line.get("prompt_tokens").getAsInt())
                .isEqualTo(text.getAsJsonArray("ids").size());
        assertThat(join(line.getAsJsonArray("ids"))).isEqualTo(join(wanted));
        assertThat(line.get("text").getAsString())
                .isEqualTo(text.get("greedy_text").getAsString());
    }

    private JsonObject generate(Path model, String threads, int tokens, String... prompt) {
        List<String> arguments = new ArrayList<>(List.of("generate", "-m", model.toString(), "--json"));
        arguments.addAll(List.of("--threads", threads, "--max-new-tokens", Integer.toString(tokens)));
        arguments.addAll(List.of(prompt));
        return run(arguments.toArray(String[]::new));
    }

    private JsonObject run(String... arguments) {
        var outcome = new Session(home).run(arguments);
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).hasLineCount(1);
        return JsonParser.parseString(outcome.out()).getAsJsonObject();
    }

    /** Models that differ in their files alone share one set of expected results. */
    private static JsonObject expected(Path model) throws IOException {
        String name = model.getFileName().toString();
        Path own = model.resolve("expected.json");
        Path file = Files.exists(own)
                ? own
                : model.resolveSibling(name.replaceAll("-(bin-sharded|bin|sharded)(?=-|$)", ""))
                        .resolve("expected.json");
        return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    }

    private static String join(JsonArray ids) {
        return StreamSupport.stream(ids.spliterator(), false)
                .map(id -> Integer.toString(id.getAsInt()))
                .collect(Collectors.joining(","));
    }
}
