package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.chat.Session.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One model in every encoding, side by side. */
class VerifyCommandTest {

    @TempDir
    Path home;

    private Session session;
    private Path text;

    @BeforeEach
    void write() throws IOException {
        session = new Session(home);
        text = Files.writeString(home.resolve("text"), """
                Hello! How are you today? I am fine, thank you. What is your name? My name is Ann.
                """.repeat(3));
    }

    private Outcome verify(String... more) {
        String[] all = new String[more.length + 2];
        all[0] = "verify";
        all[1] = "--quiet";
        System.arraycopy(more, 0, all, 2, more.length);
        return session.run(all);
    }

    private void refused(Outcome outcome, ExitCode code, String... words) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(code);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).hasLineCount(1).contains(words);
    }

    @Test
    void everyEncodingIsMeasuredOnTheSameText() {
        Outcome outcome = verify("demo", "--input", text.toString(), "--new-tokens", "4", "--json");

        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.err()).isEmpty();
        List<JsonObject> rows = outcome.out()
                .lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
        assertThat(rows)
                .extracting(row ->
                        row.get("weights").getAsString() + " " + row.get("kv").getAsString())
                .containsExactly("native f16", "q8 f16", "q4 f16", "q4 q4", "q3 f16");
        assertThat(rows.stream().map(row -> row.get("tokens").getAsInt()).distinct())
                .hasSize(1);
        assertThat(rows).allSatisfy(row -> {
            assertThat(row.get("perplexity").getAsDouble()).isGreaterThan(1);
            assertThat(row.get("decode_tokens_per_second").getAsDouble()).isPositive();
            assertThat(row.get("active_share").getAsDouble()).isBetween(0.001, 0.6);
        });
        assertThat(rows.get(0).get("perplexity_over_first").getAsDouble()).isZero();
        assertThat(Math.abs(rows.get(1).get("perplexity_over_first").getAsDouble()))
                .isLessThan(Math.abs(rows.get(4).get("perplexity_over_first").getAsDouble()));
    }

    @Test
    void theTableIsMarkdown() {
        Outcome outcome = verify("demo", "--input", text.toString(), "--new-tokens", "2");

        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        List<String> lines = outcome.out().lines().toList();
        assertThat(lines.getFirst()).startsWith("demo: ").contains(" tokens predicted, on CPU");
        List<String> table = lines.subList(2, lines.size());
        assertThat(table).hasSize(7).allMatch(line -> line.startsWith("| ") && line.endsWith(" |"));
        assertThat(table.stream()
                        .map(line -> line.chars().filter(c -> c == '|').count())
                        .collect(Collectors.toSet()))
                .isEqualTo(Set.of(9L));
    }

    @Test
    void whatCannotBeMeasuredIsOneSentence() throws IOException {
        refused(verify("demo", "--input", "nowhere"), ExitCode.USAGE, "nowhere cannot be read");
        refused(
                verify(
                        "demo",
                        "--input",
                        Files.writeString(home.resolve("empty"), " \n").toString()),
                ExitCode.USAGE,
                "empty is empty");
        refused(verify("demo", "--new-tokens", "1"), ExitCode.USAGE, "--new-tokens must be at least 2");
        refused(verify("demo", "--cpu-memory", "4MiB"), ExitCode.FIT, "--cpu-memory");
        refused(verify("demo", "--context", "8", "--new-tokens", "8"), ExitCode.USAGE, "raise --context");
        refused(verify("no-such-model"), ExitCode.MODEL, "no-such-model");
    }
}
