package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.chat.Session.Outcome;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench --draft}: drafting and verifying run, and what is assumed is said. One home, whose machine is measured once. */
class BenchDraftsTest {

    @TempDir
    static Path home;

    private static Outcome bench(String... arguments) {
        String[] all = new String[arguments.length + 7];
        String[] common = {"bench", "--prompt-tokens", "20", "--new-tokens", "40", "--device", "cpu"};
        System.arraycopy(common, 0, all, 0, common.length);
        System.arraycopy(arguments, 0, all, common.length, arguments.length);
        return new Session(home).run(all);
    }

    @BeforeAll
    static void machineIsMeasured() {
        assertThat(new Session(home).run("plan", "opt-125m", "--device", "cpu").exitCode())
                .isEqualTo(ExitCode.OK);
    }

    private static JsonObject draft(Outcome outcome) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        return JsonParser.parseString(outcome.out()).getAsJsonObject().getAsJsonObject("draft");
    }

    @Test
    void randomWeightsAreDraftedAtAnAssumedAcceptance() {
        JsonObject draft = draft(bench(
                "opt-125m",
                "--random-weights",
                "--weights",
                "f16",
                "--draft",
                "self",
                "--acceptance",
                "0.9",
                "--json"));
        assertThat(draft.get("by").getAsString()).isEqualTo("self in q4");
        assertThat(draft.get("acceptance_is").getAsString()).isEqualTo("assumed");
        assertThat(draft.get("same_tokens").getAsString()).isEqualTo("yes");
        assertThat(draft.get("failure").getAsString()).isEmpty();
        assertThat(draft.keySet())
                .contains(
                        "plain_decode_tokens_per_second",
                        "decode_tokens_per_second",
                        "tokens_per_sweep",
                        "depth",
                        "predicted_decode_tokens_per_second");
    }

    @Test
    void aModelsOwnDraftsAreCounted() {
        Outcome outcome = bench("demo", "--weights", "f16", "--draft", "demo-draft");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out())
                .contains("drafts by demo-draft", "measured", "a sweep", "the reply is the same as without drafts")
                .doesNotContain("assumed");
        assertThat(bench("demo", "--draft", "lookup", "--acceptance", "0.5").out())
                .contains("drafts by lookup, acceptance 0.50 assumed", "a coin's word");
    }

    @Test
    void whatDoesNotGoTogetherIsOneSentence() {
        refused(bench("demo", "--acceptance", "0.5"), ExitCode.USAGE, "--draft");
        refused(bench("demo", "--draft", "self", "--acceptance", "2"), ExitCode.USAGE, "0 to 1");
        refused(bench("demo", "--draft", "self", "--sweep"), ExitCode.USAGE, "--sweep");
        refused(bench("opt-125m", "--random-weights", "--draft", "bloom-560m"), ExitCode.MODEL, "vocabulary of 250880");
    }

    private static void refused(Outcome outcome, ExitCode code, String words) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(code);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains(words);
        assertThat(outcome.err().lines().filter(line -> !line.contains("measuring")))
                .hasSize(1);
    }
}
