package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.Session.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models from a hub into the store, out of it, and what is said about them. */
class ModelsCommandTest {

    @TempDir
    Path home;

    private GoldenHub hub;
    private Session session;

    @BeforeEach
    void connect() throws IOException {
        hub = new GoldenHub("facebook/opt-125m");
        session = new Session(home).with("HF_ENDPOINT", hub.endpoint());
    }

    @AfterEach
    void close() {
        hub.close();
    }

    private void refused(Outcome outcome, ExitCode code, String... words) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(code);
        assertThat(outcome.err()).contains(words);
        // Why it is tried again is news on the way, not another sentence.
        assertThat(outcome.err()
                        .lines()
                        .filter(line -> line.startsWith("flexgen-chat: ") && !line.contains("; again in ")))
                .as("one sentence")
                .hasSize(1);
    }

    @Test
    void aModelIsPulledShownUsedAndRemoved() {
        Outcome pulled = session.run("models", "pull", "opt-125m");
        assertThat(pulled.exitCode()).as(pulled.err()).isEqualTo(ExitCode.OK);
        assertThat(pulled.out()).isEmpty();
        assertThat(pulled.err()).contains("100 %").endsWith("\n").contains("facebook/opt-125m is here");

        assertThat(session.run("models").out().lines()).anyMatch(line -> line.matches("opt-125m .* yes +yes .*"));
        String card = session.run("models", "show", "opt-125m").out();
        assertThat(card).contains("licence text", "LICENSE.md", "model.safetensors", "non-commercial");
        assertThat(session.run("generate", "-m", "opt-125m", "--ids", "2,5,9", "--max-new-tokens", "2")
                        .exitCode())
                .isEqualTo(ExitCode.OK);

        refused(session.run("models", "rm", "opt-125m"), ExitCode.USAGE, "--yes");
        Outcome removed = session.run("models", "rm", "opt-125m", "--yes");
        assertThat(removed.exitCode()).as(removed.err()).isEqualTo(ExitCode.OK);
        assertThat(removed.out()).startsWith("removed facebook/opt-125m, ").contains(" freed");
        refused(session.run("generate", "-m", "opt-125m", "--ids", "2"), ExitCode.MODEL, "flexgen-chat models pull");
        refused(session.run("models", "rm", "opt-125m", "--yes"), ExitCode.MODEL, "is not in the model store");
    }

    @Test
    void theLimitsOfTheChatDecideWhatIsTooLarge() {
        assertThat(session.run("models", "--device", "cpu", "--cpu-memory", "1GiB")
                        .out()
                        .lines())
                .anyMatch(line -> line.matches("opt-125m .* no +yes .*"))
                .anyMatch(line -> line.matches("opt-1.3b .* no +yes .*")) // in 4 bits
                .anyMatch(line -> line.matches("opt-2.7b .* no +from disk.*")); // as a packed model, which is on one
        assertThat(session.run("models", "--device", "cpu", "--cpu-memory", "1GiB", "--weights", "native")
                        .out()
                        .lines())
                .anyMatch(line -> line.matches("opt-2.7b .* no +too large .*"));
        assertThat(session.run(
                                "models",
                                "list",
                                "--weights",
                                "native",
                                "--device",
                                "cpu",
                                "--cpu-memory",
                                "1GiB",
                                "--disk-dir",
                                home.toString())
                        .out()
                        .lines())
                .anyMatch(line -> line.matches("opt-2.7b .* no +from disk.*"));

        Session small = session.with("FLEXGEN_CPU_MEMORY", "1GiB").with("FLEXGEN_DEVICE", "cpu");
        assertThat(small.run("models", "show", "opt-125m").out())
                .containsPattern("runs +yes: takes 3\\d\\d\\.\\d MiB, in host memory");
        assertThat(small.run("models", "show", "opt-2.7b", "--weights", "native")
                        .out())
                .containsPattern(
                        "runs +too large: The model needs .* --cpu-memory leaves .* of host memory; .*--disk-dir DIR");
        assertThat(small.run("models", "show", "opt-125m", "--context", "4096").out())
                .containsPattern("runs +no: context is 4096, but this model knows 2048 positions");
        refused(small.run("models", "--cpu-memory", "much"), ExitCode.USAGE, "--cpu-memory");
    }

    @Test
    void aGpuThatIsDemandedAndMissingIsSaidOnceAboveAListThatSaysNo() {
        Outcome listed = session.with("CUDA_VISIBLE_DEVICES", "").run("models", "--device", "cuda");

        assertThat(listed.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(listed.err()).hasLineCount(1).contains("No GPU can be used: ", "--device cpu");
        assertThat(listed.out().lines()).anyMatch(line -> line.matches("opt-125m .* no +no .*"));
    }

    @Test
    void anotherFolderIsAStoreOfItsOwn() throws IOException {
        Path store = home.resolve("elsewhere");
        assertThat(session.run("models", "pull", "facebook/opt-125m", "--quiet", "--store", store.toString())
                        .err())
                .isEmpty();

        assertThat(session.run("models", "--store", store.toString(), "list")
                        .out()
                        .lines())
                .anyMatch(line -> line.matches("opt-125m .* yes +yes .*"));
        assertThat(session.run("models", "list").out().lines())
                .anyMatch(line -> line.matches("opt-125m .* no +yes .*"));
        Files.createDirectories(home.resolve(".config/flexgen-chat"));
        Files.writeString(
                home.resolve(".config/flexgen-chat/config.json"),
                "{\"model\": \"opt-125m\", \"store\": \"" + store + "\"}");
        assertThat(session.run("generate", "--ids", "2,5,9", "--max-new-tokens", "2")
                        .exitCode())
                .isEqualTo(ExitCode.OK);
    }

    @Test
    void eventsAreObjectsOnStandardOutput() {
        Outcome outcome = session.run("models", "pull", "opt-125m", "--json");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out().lines())
                .allMatch(line -> line.startsWith("{\"event\":\"") && line.endsWith("}"))
                .anyMatch(line -> line.contains("\"phase\":\"done\""))
                .last()
                .asString()
                .startsWith("{\"event\":\"end\",\"model\":\"facebook/opt-125m\"");
    }

    @Test
    void whatTheHubDoesNotHaveIsToldApartFromWhatNobodyKnows() {
        refused(session.run("models", "pull", "opt-350m"), ExitCode.MODEL, "facebook/opt-350m");
        refused(session.run("models", "pull", "opt-125m@nowhere"), ExitCode.MODEL, "nowhere");
        refused(session.run("models", "pull", "opt-125mm"), ExitCode.MODEL, "did you mean opt-125m?");
        refused(session.run("models", "pull", "opt-175b"), ExitCode.MODEL, "on request");
        refused(session.run("models", "pull", "demo"), ExitCode.USAGE, "comes with the program");
        refused(
                session.with("HF_HUB_OFFLINE", "1").run("models", "pull", "opt-125m"),
                ExitCode.FAILURE,
                "HF_HUB_OFFLINE");
    }

    @Test
    void aHubThatIsNotThereIsNamed() {
        refused(
                session.with("HF_ENDPOINT", "http://127.0.0.1:9").run("models", "pull", "opt-125m"),
                ExitCode.FAILURE,
                "127.0.0.1");
    }

    @Test
    void theSetupWithoutPagesDownloadsToo() {
        Outcome outcome = session.run("setup", "--model", "opt-125m", "--accept-licence", "--yes");

        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(session.run("generate", "--ids", "2,5,9", "--max-new-tokens", "2")
                        .exitCode())
                .isEqualTo(ExitCode.OK);
        // Here already: nothing to agree to, nothing to download.
        assertThat(session.run("setup", "--model", "opt-125m").exitCode()).isEqualTo(ExitCode.OK);
    }
}
