package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.chat.Session.Outcome;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench --batch} and {@code plan --batch}: a job is measured as it is planned. One home, whose machine is measured once. */
class BenchJobTest {

    @TempDir
    static Path home;

    private static Outcome bench(String... arguments) {
        String[] all = new String[arguments.length + 7];
        String[] common = {"bench", "--prompt-tokens", "20", "--new-tokens", "5", "--device", "cpu"};
        System.arraycopy(common, 0, all, 0, common.length);
        System.arraycopy(arguments, 0, all, common.length, arguments.length);
        return new Session(home).run(all);
    }

    @BeforeAll
    static void machineIsMeasured() {
        assertThat(new Session(home).run("plan", "opt-125m", "--device", "cpu").exitCode())
                .isEqualTo(ExitCode.OK);
    }

    @Test
    void allTokensOfAllRepliesAreCounted() {
        for (String batch : new String[] {"3", "20"}) {
            Outcome outcome = bench("demo", "--batch", batch, "--json");
            assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
            JsonObject job = JsonParser.parseString(outcome.out()).getAsJsonObject();
            double tokens = job.get("tokens_per_second").getAsDouble()
                    * job.get("seconds").getAsDouble();
            assertThat(Math.round(tokens)).isEqualTo(5 * Long.parseLong(batch));
            assertThat(job.get("room_for").getAsInt()).isEqualTo(Integer.parseInt(batch));
            assertThat(job.get("predicted_tokens_per_second").getAsDouble()).isPositive();
            assertThat(job.get("bound_tokens_per_second").getAsDouble())
                    .isGreaterThanOrEqualTo(
                            job.get("predicted_tokens_per_second").getAsDouble());
        }
        assertThat(bench("demo", "--batch", "3").out())
                .contains("3 prompts of 20 tokens, replies of 5", "measured", "predicted", "bound");
    }

    @Test
    void whatDoesNotGoTogetherIsOneSentence() {
        refused(bench("demo", "--batch", "0"), "--batch");
        refused(bench("demo", "--batch", "513"), "--batch");
        refused(bench("demo", "--batch", "2", "--sweep"), "--sweep");
        refused(bench("demo", "--batch", "2", "--draft", "lookup"), "--draft");
        refused(new Session(home).run("plan", "opt-125m", "--batch", "2000"), "--batch");
    }

    private static void refused(Outcome outcome, String part) {
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err()).contains(part).hasLineCount(1);
    }

    @Test
    void aPlanForManyRepliesSaysWhatTheJobWouldGive() {
        Outcome outcome = new Session(home)
                .run("plan", "opt-30b", "--machine", "t4", "--weights", "q4", "--context", "544", "--batch", "64");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out())
                .containsPattern("a job with prompts of 512 and replies of 32 tokens, [2-6][0-9] at a time, by up to"
                        + " [0-9]+ tokens a step: [0-9.]+ tok/s of replies, prompts included");
    }
}
