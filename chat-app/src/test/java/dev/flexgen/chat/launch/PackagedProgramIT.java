package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The release folder as a user has it: launcher, jars, a real JVM. */
@Tag("e2e")
class PackagedProgramIT {

    @TempDir
    Path home;

    private Release release;
    private String model;

    @BeforeEach
    void findRelease() throws IOException {
        release = Release.packaged(home);
        model = Release.model().toString();
    }

    @Test
    void pipedLinesGetOneReplyEachAndNothingElseIsPrinted() throws Exception {
        var program = run("hello\nand again\n", "chat", "-m", model, "--max-new-tokens", "12", "--temperature", "0");

        assertThat(program.exitCode()).isZero();
        assertThat(program.err()).isEmpty();
        assertThat(program.out()).endsWith("\n").hasLineCount(2);
    }

    @Test
    void noWarningIsShownAndTheVectorApiIsThere() throws Exception {
        var program = run("", "generate", "-m", model, "--ids", "2,5,9", "--max-new-tokens", "4", "--json");

        assertThat(program.err()).isEmpty();
        assertThat(program.exitCode()).isZero();
        assertThat(program.out())
                .startsWith("{\"index\":0,\"prompt_tokens\":3,\"ids\":[")
                .hasLineCount(1);
    }

    @Test
    void outputIsUtf8InTheCLocale() throws Exception {
        var program = Program.run(
                home, with("LC_ALL", "C"), "", command("score", "-m", model, "--text", "Größe \uD83D\uDE42", "--json"));

        assertThat(program.exitCode()).as(program.err()).isZero();
        assertThat(program.out()).startsWith("{\"index\":0,\"ids\":[2,541,118,774,");
    }

    @Test
    void worksFromAFolderWithSpacesThroughALink() throws Exception {
        Path copy = home.resolve("my apps/flexgen");
        Files.createDirectories(copy.resolve("lib"));
        try (Stream<Path> files = Files.walk(release.folder())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, copy.resolve(release.folder().relativize(file)));
            }
        }
        Path link = Files.createSymbolicLink(home.resolve("fc"), copy.resolve("flexgen-chat"));

        var program = release.run("", List.of(link.toString(), "--version"));

        assertThat(program.exitCode()).as(program.err()).isZero();
        assertThat(program.out()).startsWith("flexgen-chat ").doesNotContain("$", "unknown");
    }

    @Test
    void aClosedPipeEndsWithOneSentence() throws Exception {
        var program = release.run(
                "",
                List.of(
                        "/bin/sh",
                        "-c",
                        "(\"$0\" models; echo code=$? >&2) | true",
                        release.launcher().toString()));

        assertThat(program.err())
                .startsWith("flexgen-chat: standard output")
                .endsWith("\ncode=1\n")
                .hasLineCount(2);
    }

    @Test
    void anUnwritableCacheIsNoObstacleWithoutText() throws Exception {
        Path file = Files.createFile(home.resolve("file"));

        var program = Program.run(
                home,
                with("XDG_CACHE_HOME", file.toString()),
                "",
                command("score", "-m", model, "--ids", "2,5", "--json"));

        assertThat(program.exitCode()).as(program.err()).isZero();
        assertThat(program.err()).isEmpty();
    }

    @Test
    void anUnwritableCacheIsNamedWhereTextNeedsIt() throws Exception {
        Path file = Files.createFile(home.resolve("file"));

        var program = Program.run(
                home, with("XDG_CACHE_HOME", file.toString()), "", command("score", "-m", model, "--text", "hello"));

        assertThat(program.exitCode()).isEqualTo(5);
        assertThat(program.err())
                .startsWith("flexgen-chat: ")
                .contains(file.toString())
                .hasLineCount(1);
    }

    @Test
    void aClosedInputIsAnEmptyOne() throws Exception {
        var program = release.run(
                "",
                List.of(
                        "/bin/sh",
                        "-c",
                        "exec \"$0\" chat -m \"$1\" <&-",
                        release.launcher().toString(),
                        model));

        assertThat(program.exitCode()).as(program.err()).isZero();
        assertThat(program.out()).isEmpty();
    }

    @Test
    void ctrlCWhileWaitingForInputEndsWith130() throws Exception {
        var builder = new ProcessBuilder(command("score", "-m", model, "--input", "-"));
        builder.directory(home.toFile()).environment().clear();
        builder.environment().putAll(release.environment());
        Process process = builder.start();
        process.outputWriter().append("{\"ids\": [2,5]}\n").flush();
        assertThat(process.inputReader().readLine())
                .as("the answer to the first line")
                .contains("2");

        assertThat(new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();

        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
    }

    private Program run(String input, String... arguments) throws Exception {
        return release.run(input, command(arguments));
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(release.launcher().toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    private Map<String, String> with(String variable, String value) {
        var environment = release.environment();
        environment.put(variable, value);
        return environment;
    }
}
