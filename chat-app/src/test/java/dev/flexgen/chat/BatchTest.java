package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate --input} and {@code score --input}: many prompts at a time, results as if one came after the other. */
class BatchTest {

    private static final String[] PROMPTS = {
        "{\"ids\": [2,5,9]}",
        "{\"prompt\": \"hello there\"}",
        "{\"ids\": [2]}",
        "{\"text\": \"what is that\"}",
        "",
        "{\"ids\": [2,5,9,11,4,7,8,30,31,32,33,34,35,36,37,38,39,40,41]}",
        "{\"ids\": [7,7]}",
        "{\"prompt\": \"hello\"}"
    };

    @TempDir
    Path home;

    private String model = "";

    @BeforeEach
    void model() {
        Optional<Path> found = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32"))
                .findFirst();
        assumeThat(found).as("the models lie in the source tree").isPresent();
        model = found.orElseThrow().toString();
    }

    private void write(String... lines) throws IOException {
        Files.writeString(home.resolve("prompts.jsonl"), String.join("\n", lines) + "\n");
    }

    private Session.Outcome generate(String... options) {
        List<String> words =
                new ArrayList<>(List.of("generate", "-m", model, "--input", "prompts.jsonl", "--max-new-tokens", "12"));
        words.addAll(Arrays.asList(options));
        return new Session(home).run(words.toArray(String[]::new));
    }

    private static List<JsonObject> lines(Session.Outcome outcome) {
        return outcome.out()
                .lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    private static List<String> withoutTiming(Session.Outcome outcome) {
        List<JsonObject> lines = lines(outcome);
        lines.forEach(line -> line.remove("timing"));
        return lines.stream().map(JsonObject::toString).toList();
    }

    @Test
    void theResultsAreThoseOfOneAfterTheOtherInTheirOrder() throws IOException {
        write(PROMPTS);
        var alone = generate("--json", "--batch", "1");
        assertThat(alone.exitCode()).as(alone.err()).isEqualTo(ExitCode.OK);
        assertThat(lines(alone))
                .extracting(line -> line.get("index").getAsInt())
                .containsExactly(0, 1, 2, 3, 4, 5, 6);
        for (String size : new String[] {"2", "5", "auto", "500"}) {
            var together = generate("--json", "--batch", size);
            assertThat(together.exitCode()).as(together.err()).isEqualTo(ExitCode.OK);
            assertThat(withoutTiming(together)).as("--batch %s", size).isEqualTo(withoutTiming(alone));
        }
        assertThat(withoutTiming(generate("--json"))).isEqualTo(withoutTiming(alone));
    }

    @Test
    void plainTextTooAndWithChance() throws IOException {
        write(PROMPTS);
        String[] chance = {"--temperature", "0.9", "--seed", "3", "--batch", "1"};
        var alone = generate(chance);
        chance[5] = "4";
        assertThat(generate(chance).out()).isEqualTo(alone.out());
        assertThat(alone.out()).endsWith("\n").isNotBlank();
    }

    @Test
    void aPromptThatFailsHasALineInItsPlaceAndTheRestIsServed() throws IOException {
        write("{\"ids\": [2,5]}", "{\"ids\": [2" + ",5".repeat(130) + "]}", "{\"ids\": [2,931]}", "{\"ids\": [9]}");
        for (String size : new String[] {"1", "3"}) {
            var outcome = generate("--json", "--batch", size);
            assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
            List<JsonObject> lines = lines(outcome);
            assertThat(lines)
                    .extracting(line -> line.get("finish_reason").getAsString())
                    .containsExactly("length", "error", "error", "length");
            assertThat(lines.get(1).keySet()).containsExactly("index", "finish_reason", "error");
            assertThat(lines.get(1).get("index").getAsInt()).isEqualTo(1);
            assertThat(lines.get(1).get("error").getAsString()).contains("131 tokens", "128");
            assertThat(lines.get(2).get("error").getAsString()).contains("931");
            assertThat(outcome.err()).isEqualTo("flexgen-chat: 2 of 4 prompts failed\n");
        }
        var plain = generate("--batch", "3");
        assertThat(plain.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(plain.err())
                .contains("flexgen-chat: line 2 of prompts.jsonl: The prompt has 131 tokens")
                .contains("flexgen-chat: line 3 of prompts.jsonl: Token id 931")
                .hasLineCount(3);
    }

    @Test
    void scoresOfManyTextsAreThoseOfEach() throws IOException {
        write(PROMPTS);
        Session.Outcome alone = score("--json", "--batch", "1");
        assertThat(alone.exitCode()).as(alone.err()).isEqualTo(ExitCode.OK);
        assertThat(lines(alone)).hasSize(7);
        for (String size : new String[] {"3", "40", "auto"}) {
            assertThat(score("--json", "--batch", size).out())
                    .as("--batch %s", size)
                    .isEqualTo(alone.out());
        }
        assertThat(score("--json").out()).isEqualTo(alone.out());
        assertThat(score("--batch", "5").out()).isEqualTo(score("--batch", "1").out());
        Session.Outcome many = score("--batch", "many");
        assertThat(many.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(many.err())
                .contains("--batch must be auto or a whole number")
                .hasLineCount(1);
    }

    @Test
    void aTextThatCannotBeScoredHasALineInItsPlace() throws IOException {
        write("{\"ids\": [2,5]}", "{\"ids\": [2" + ",5".repeat(130) + "]}", "{\"ids\": [2,931]}", "{\"ids\": [9,4]}");
        for (String size : new String[] {"1", "3"}) {
            Session.Outcome outcome = score("--json", "--batch", size);
            assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
            List<JsonObject> lines = lines(outcome);
            assertThat(lines).extracting(line -> line.has("error")).containsExactly(false, true, true, false);
            assertThat(lines.get(1).get("finish_reason").getAsString()).isEqualTo("error");
            assertThat(lines.get(1).get("error").getAsString()).contains("131 tokens", "128");
            assertThat(lines.get(3).get("logprobs").getAsJsonArray()).hasSize(2);
            assertThat(outcome.err()).isEqualTo("flexgen-chat: 2 of 4 prompts failed\n");
        }
    }

    private Session.Outcome score(String... options) {
        List<String> words = new ArrayList<>(List.of("score", "-m", model, "--input", "prompts.jsonl"));
        words.addAll(Arrays.asList(options));
        return new Session(home).run(words.toArray(String[]::new));
    }

    @Test
    void aLineOfAFileThatIsNoPromptIsNamedBeforeAnythingIsServed() throws IOException {
        write("{\"ids\": [2,5]}", "{\"ids\": [7]}", "nonsense", "{\"ids\": [9]}");
        var outcome = generate("--json", "--batch", "4");
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err())
                .startsWith("flexgen-chat: line 3 of prompts.jsonl")
                .hasLineCount(1);
        assertThat(outcome.out()).isEmpty();
    }

    @Test
    void aLineOfAPipeThatIsNoPromptEndsTheRunWhenThoseBeforeItAreServed() {
        for (String size : new String[] {"1", "4"}) {
            var outcome = new Session(home)
                    .typing("{\"ids\": [2,5]}\n{\"ids\": [7]}\nnonsense\n{\"ids\": [9]}\n")
                    .run("generate", "-m", model, "--input", "-", "--max-new-tokens", "12", "--json", "--batch", size);
            assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(outcome.err())
                    .startsWith("flexgen-chat: line 3 of standard input")
                    .hasLineCount(1);
            assertThat(lines(outcome)).hasSize(2);
        }
    }

    @Test
    void aTextTooLongForTheTokenizerFailsInItsPlaceToo() throws IOException {
        write("first", "x".repeat(1_048_577), "last");
        for (String size : new String[] {"1", "3"}) {
            var outcome = generate("--json", "--batch", size);
            assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
            assertThat(lines(outcome))
                    .extracting(line -> line.get("finish_reason").getAsString())
                    .containsExactly("length", "error", "length");
            assertThat(lines(outcome).get(1).get("error").getAsString()).contains("1048577 characters");
            assertThat(outcome.err()).isEqualTo("flexgen-chat: 1 of 3 prompts failed\n");
        }
        var plain = generate("--batch", "3");
        assertThat(plain.err()).startsWith("flexgen-chat: line 2 of prompts.jsonl: The text has 1048577 characters");
        assertThat(plain.out()).contains("\n==> prompt 2 <==\n\n\n==> prompt 3 <==\n");
    }

    @Test
    void aBatchOfNoPromptsIsAUsageErrorBeforeAnythingIsOpened() throws IOException {
        write(PROMPTS);
        for (String size : new String[] {"0", "-1", "many", "513", "1.5"}) {
            var outcome = generate("--batch", size);
            assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(outcome.err())
                    .isEqualTo(
                            "flexgen-chat: --batch must be auto or a whole number from 1 to 512, not '" + size + "'\n");
            assertThat(outcome.out()).isEmpty();
        }
    }

    @Test
    void anEmptyFileHasNoResults() throws IOException {
        write("");
        var outcome = generate("--json", "--batch", "4");
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).isEmpty();
    }
}
