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
    void draftsAreForecastAtAnAssumedAcceptance() {
        Outcome outcome =
                plan("opt-13b", "--machine", "t4", "--weights", "f16", "--draft", "self", "--acceptance", "0.9");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out())
                .contains("with drafts by self: ", "(predicted, not measured)", "an assumed acceptance of 90 %")
                .contains("tokens drafted for a step", "the draft, in q4, takes", "times as fast");
    }

    @Test
    void theBestOfSeveralDraftsIsChosen() {
        Outcome outcome = plan("opt-30b", "--machine", "t4", "--weights", "f16", "--draft", "auto", "--json");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        var drafts = JsonParser.parseString(outcome.out()).getAsJsonObject().getAsJsonArray("drafts");
        assertThat(drafts).hasSize(2);
        assertThat(drafts.get(0).getAsJsonObject().keySet())
                .contains("draft", "acceptance", "acceptance_is", "predicted_gain", "depth", "chosen");
        assertThat(drafts.get(1).getAsJsonObject().get("impossible").getAsString())
                .contains("GiB");
        assertThat(plan("opt-30b", "--machine", "t4", "--weights", "f16", "--draft", "auto")
                        .out())
                .containsPattern("\\nauto: (no drafts: |drafts by )");
    }

    @Test
    void aDraftOfAnotherVocabularyIsNotPossible() {
        assertThat(plan("opt-13b", "--machine", "t4", "--draft", "bloom-560m").out())
                .contains("with drafts by bloom-560m: not possible", "vocabulary of");
        refused(plan("opt-13b", "--machine", "t4", "--draft", "no-such-model"), ExitCode.MODEL);
        refused(plan("opt-13b", "--machine", "t4", "--draft", "self", "--acceptance", "1.5"), ExitCode.USAGE);
        refused(plan("opt-13b", "--machine", "t4", "--acceptance", "0.8"), ExitCode.USAGE);
    }

    @Test
    void aModelWithExpertsSharesItsWorkBetweenGpuAndProcessor() {
        Outcome outcome = plan("glm-4.5-air", "--machine", "3090", "--weights", "q4");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out())
                .contains(
                        "the GPU computes\n",
                        "the processor computes a part of the chosen experts, while the GPU fetches the others over the bus")
                .contains("shared: the processor computes some, while the GPU fetches others over the bus")
                .doesNotContain("computes alone");
    }

    @Test
    void aContextThatTheUserChoseIsNotExplained() {
        assertThat(plan("opt-30b", "--machine", "t4").out()).contains("the context is shorter than the model's");
        assertThat(plan("opt-30b", "--machine", "t4", "--context", "256").out())
                .contains("a context of 256 tokens")
                .doesNotContain("the context is shorter");
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
