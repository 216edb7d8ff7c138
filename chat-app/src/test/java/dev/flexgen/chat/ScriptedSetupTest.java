package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.Session.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The setup without its pages. */
class ScriptedSetupTest {

    @TempDir
    Path home;

    private Path config;

    @BeforeEach
    void place() {
        config = home.resolve(".config/flexgen-chat/config.json");
    }

    private Outcome setup(String... options) {
        String[] arguments = new String[options.length + 1];
        arguments[0] = "setup";
        System.arraycopy(options, 0, arguments, 1, options.length);
        return new Session(home).run(arguments);
    }

    private void refuses(Outcome outcome, ExitCode code, String... words) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(code);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).hasLineCount(1).contains(words);
        assertThat(config).doesNotExist();
    }

    @Test
    void withoutATerminalItNamesTheOptionsThatAnswer() {
        refuses(setup(), ExitCode.USAGE, "--model", "--store", "--accept-licence", "--yes", "--no-download");
        refuses(setup("--yes"), ExitCode.USAGE, "--model");
    }

    @Test
    void aLicenceIsNotAgreedToByAccident() {
        refuses(setup("--model", "opt-125m", "--yes"), ExitCode.USAGE, "--accept-licence", "non-commercial");
    }

    @Test
    void aDownloadIsNotBegunByAccident() {
        refuses(setup("--model", "opt-125m", "--accept-licence"), ExitCode.USAGE, "--yes", "--no-download");
    }

    @Test
    void everyAnswerCanBeGivenAsAnOption() {
        Path store = home.resolve("my models");

        Outcome outcome = setup("--model", "opt-125m", "--accept-licence", "--no-download", "--store", "my models");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(outcome.err()).contains(config.toString(), "opt-125m");
        assertThat(config).hasContent("{\n  \"model\": \"opt-125m\",\n  \"store\": \"" + store + "\"\n}\n");
    }

    @Test
    void whatTheFileSaysBesidesStays() throws IOException {
        Files.createDirectories(config.getParent());
        Files.writeString(config, "{\"temperature\": 0.5, \"store\": \"/x\", \"model\": \"opt-6.7b\"}");

        assertThat(setup("--model", "demo", "--quiet").err()).isEmpty();

        assertThat(config).hasContent("{\n  \"temperature\": 0.5,\n  \"store\": \"/x\",\n  \"model\": \"demo\"\n}\n");
    }

    @Test
    void aFolderIsLookedIntoFirst() throws IOException {
        refuses(setup("--model", "."), ExitCode.MODEL, "config.json");
        Path weights = Files.createDirectories(home.resolve("meta"));
        Files.createFile(weights.resolve("reshard-model_part-0.pt"));
        refuses(setup("--model", "./meta"), ExitCode.MODEL, "numpy");

        Path model = Checkout.goldenModels().getFirst();
        assertThat(setup("--model", model.toString()).exitCode()).isEqualTo(ExitCode.OK);
        assertThat(config).content().contains("\"" + model + "\"");
    }

    @Test
    void aNameThatMeansNothingIsNotWrittenDown() {
        refuses(setup("--model", "opt-1.3bb"), ExitCode.MODEL, "opt-1.3b");
        refuses(setup("--model", "opt-175b"), ExitCode.MODEL, "on request");
    }

    @Test
    void aStoreThatCannotBeIsNamed() throws IOException {
        Path file = Files.createFile(home.resolve("file"));

        refuses(
                setup("--model", "opt-125m", "--accept-licence", "--no-download", "--store", file + "/x"),
                ExitCode.FAILURE,
                file.toString());
    }

    @Test
    void aModelThatDoesNotFitIsWrittenDownOnRequestOnly() {
        String[] giant = {"--model", "opt-30b", "--accept-licence", "--no-download"};
        var small = new Session(home).with("FLEXGEN_CPU_MEMORY", "5MiB").with("FLEXGEN_DEVICE", "cpu");

        refuses(
                small.run("setup", giant[0], giant[1], giant[2], giant[3]),
                ExitCode.FIT,
                "opt-30b is too large for this machine",
                "--cpu-memory leaves 5.0 MiB",
                "--anyway");

        Outcome outcome = small.run("setup", giant[0], giant[1], giant[2], giant[3], "--anyway");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(config).content().contains("opt-30b");
    }
}
