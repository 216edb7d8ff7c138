package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.chat.Session.Outcome;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code plan} on machines that are not here. */
class PlanCommandTest {

    @TempDir
    Path home;

    private Outcome plan(String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "plan";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return new Session(home).run(all);
    }

    @Test
    void aGiantIsPlannedForASmallGpu() {
        Outcome outcome = plan("opt-175b", "--machine", "t4", "--weights", "q4", "--cpu-memory", "110GiB");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out())
                .contains("T4", "predicted from published figures, not measured", "opt-175b: weights in q4")
                .contains("the GPU computes", "tok/s");
    }

    @Test
    void theSameAsJson() {
        Outcome outcome = plan("opt-30b", "--machine", "3090", "--json");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        JsonObject json = JsonParser.parseString(outcome.out()).getAsJsonObject();
        assertThat(json.keySet()).contains("model", "bytes", "kv_bytes", "predicted", "reasons");
        assertThat(json.getAsJsonObject("predicted")
                        .get("decode_tokens_per_second")
                        .getAsDouble())
                .isPositive();
    }

    @Test
    void expertsThatTheGpuHasNoRoomForAreTheProcessors() {
        Outcome outcome = plan("glm-4.5-air", "--machine", "3090", "--weights", "q4");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out())
                .containsPattern("GPU .* the GPU computes\n")
                .containsPattern("host .* the processor computes\n")
                .contains(
                        "experts that the GPU has no room for are computed by the processor, and for prompts by the GPU")
                .doesNotContain("no GPU kernels");
    }

    @Test
    void whatIsPackedIsPlannedFromTheDiskThatItIsOn() {
        Outcome outcome = plan("opt-175b", "--machine", "t4", "--cpu-memory", "4GiB", "--weights", "q4");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).containsPattern("\\ndisk +\\d+\\.\\d GiB").contains("every token waits for the disk");
    }

    @Test
    void whatCannotBePlannedIsOneSentence() {
        refused(plan("opt-175b", "--machine", "t4", "--cpu-memory", "4GiB", "--weights", "native"), ExitCode.FIT);
        refused(plan("opt-30b", "--machine", "nowhere.json"), ExitCode.USAGE);
        refused(plan("no-such-model", "--machine", "t4"), ExitCode.MODEL);
    }

    @Test
    void allSizesAreComparedAndAModelBesideThatIsRefused() {
        Outcome all = plan("--compare", "--machine", "t4");
        assertThat(all.exitCode()).as(all.err()).isEqualTo(ExitCode.OK);
        assertThat(all.out()).contains("opt-125m", "opt-13b", "opt-175b");
        Outcome one = plan("--compare", "opt-13b", "--machine", "t4");
        refused(one, ExitCode.USAGE);
        assertThat(one.err()).contains("opt-13b", "--compare");
    }

    private static void refused(Outcome outcome, ExitCode code) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(code);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).isNotBlank();
    }
}
