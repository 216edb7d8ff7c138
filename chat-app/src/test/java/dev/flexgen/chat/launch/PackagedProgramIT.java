package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    void aModelIsPackedByACommandThatOpensNone() throws Exception {
        var program = run("", "pack", model);

        assertThat(program.exitCode()).as(program.err()).isZero();
        assertThat(program.out() + program.err()).doesNotContain("fault of the program");
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
    void theDoctorLooksWhetherTheTokenizersLibraryCanBeLoaded() throws Exception {
        assertThat(run("", "doctor").out()).contains("\nok    tokenizer ");

        Path cache = home.resolve("no-cache");
        Files.createDirectories(cache.resolve("flexgen-chat"));
        Files.createFile(cache.resolve("flexgen-chat/native"));
        var environment = with("XDG_CACHE_HOME", cache.toString());
        environment.put("FLEXGEN_JAVA_OPTS", "-Djava.io.tmpdir=" + home.resolve("missing"));
        var program = Program.run(home, environment, "", command("doctor"));

        assertThat(program.out()).contains("\nbad   tokenizer    There is no place for the tokenizer's native library");
        assertThat(program.exitCode()).isNotZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "xx_YY.UTF-8"})
    void textIsUtf8WhateverTheLocale(String locale) throws Exception {
        var program = Program.run(
                home,
                with("LC_ALL", locale),
                "",
                command("score", "-m", model, "--text", "Größe \uD83D\uDE42", "--json"));

        assertThat(program.exitCode()).as(program.err()).isZero();
        assertThat(program.out()).startsWith("{\"index\":0,\"ids\":[2,541,118,774,");
    }

    @ParameterizedTest
    @ValueSource(strings = {"my apps/flexgen", "2026-11-28T14:00/50% wow!#?"})
    void worksFromAnyFolderThroughALink(String folder) throws Exception {
        Path copy = home.resolve(folder);
        try (Stream<Path> files = Files.walk(release.folder())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = copy.resolve(release.folder().relativize(file));
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
        Path link = Files.createSymbolicLink(home.resolve("fc"), copy.resolve("flexgen-chat"));

        var program = release.run("", List.of(link.toString(), "--version"));
        var models = release.run("", List.of(link.toString(), "models")); // needs a file out of a jar

        assertThat(program.exitCode()).as(program.err()).isZero();
        assertThat(program.out()).startsWith("flexgen-chat ").doesNotContain("$", "unknown");
        assertThat(models.exitCode()).as(models.err()).isZero();
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
    void anUnusableCacheCostsTimeAlone() throws Exception {
        Path file = Files.createFile(home.resolve("file"));
        Path temporary = Files.createDirectory(home.resolve("tmp"));
        var environment = with("XDG_CACHE_HOME", file.toString());
        environment.put("TMPDIR", temporary.toString());

        var text = Program.run(home, environment, "", command("score", "-m", model, "--text", "hello", "--json"));
        var demo = Program.run(
                home, environment, "", command("generate", "-m", "demo", "--prompt", "hi", "--max-new-tokens", "3"));

        assertThat(text.err()).isEmpty();
        assertThat(text.exitCode()).isZero();
        assertThat(demo.exitCode()).as(demo.err()).isZero();
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void whatIsDamagedInTheCacheIsReplaced() throws Exception {
        var environment = with("FLEXGEN_CLASS_DATA", "now");
        List<String> score = command("score", "-m", model, "--text", "hello", "--json");
        var whole = Program.run(home, environment, "", score);
        List<Path> files = cached(".jsa", ".so", ".dylib");
        assertThat(whole.err()).isEmpty();
        assertThat(files).hasSize(2);
        for (Path file : files) {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(200_000), 4_000_000);
            }
            byte[] damaged = Files.readAllBytes(file);
            assertThat(Program.run(home, environment, "", score))
                    .as(file.toString())
                    .isEqualTo(whole);
            assertThat(Files.readAllBytes(file)).isNotEqualTo(damaged);
        }
        for (Path file : files) {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(1_000_000);
            }
        }
        assertThat(Program.run(home, environment, "", score)).isEqualTo(whole);
        assertThat(cached(".jsa", ".so", ".dylib"))
                .allMatch(file -> file.toFile().length() > 4_000_000);
    }

    @Test
    void classDataIsMadeAfterTheFirstRunAndUsed() throws Exception {
        Path tools = Files.createDirectory(home.resolve("tools"));
        LauncherWorld.executable(tools.resolve("renice"), "#!/bin/sh\n"); // what else runs here must not starve it
        var environment = with("FLEXGEN_CLASS_DATA", "");
        environment.merge("PATH", tools + ":", (path, first) -> first + path);
        List<String> version = command("--version");
        var first = Program.run(home, environment, "", version);
        assertThat(first.err()).isEmpty();
        assertThat(cached(".jsa")).isEmpty();
        for (int i = 0; i < 1200 && cached(".jsa").isEmpty(); i++) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
        assertThat(cached(".jsa")).singleElement().matches(file -> file.toFile().length() > 10_000_000);

        environment.put("FLEXGEN_JAVA_OPTS", "-Xlog:class+load");
        var loaded = Program.run(home, environment, "", version);
        assertThat(loaded.out() + loaded.err())
                .contains("dev.flexgen.chat.Main source: shared objects file", "Wiring source: shared objects file");
    }

    private List<Path> cached(String... endings) throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve(".cache"))) {
            return files.filter(file ->
                            Stream.of(endings).anyMatch(file.getFileName().toString()::endsWith))
                    .toList();
        }
    }

    @Test
    void anotherCollectorAndAnAddressSpaceLimitAreTaken() throws Exception {
        for (String option : List.of("-XX:+UseParallelGC", "-XX:+UseG1GC", "-Xshare:off")) {
            var program = Program.run(home, with("FLEXGEN_JAVA_OPTS", option), "", command("--version"));
            assertThat(program.exitCode()).as(option + program.err()).isZero();
        }
        var limited = release.run(
                "",
                List.of(
                        "/bin/sh",
                        "-c",
                        "ulimit -v 1000000 && exec \"$0\" score -m \"$1\" --text hello --json",
                        release.launcher().toString(),
                        model));
        assertThat(limited.err()).isEmpty();
        assertThat(limited.exitCode()).isZero();
    }

    @Test
    void aFolderAsInputIsOneSentence() throws Exception {
        var program = release.run(
                "",
                List.of(
                        "/bin/sh",
                        "-c",
                        "exec \"$0\" chat -m \"$1\" <.",
                        release.launcher().toString(),
                        model));

        assertThat(program.exitCode()).isEqualTo(2);
        assertThat(program.err()).isEqualTo("flexgen-chat: standard input cannot be read: Is a directory\n");
    }

    @Test
    void theDocumentsLeadToFilesThatAreThere() throws Exception {
        Pattern link = Pattern.compile("]\\(([^):#]+)(#[^)]*)?\\)");
        try (Stream<Path> files = Files.walk(release.folder())) {
            List<Path> documents =
                    files.filter(file -> file.toString().endsWith(".md")).toList();
            assertThat(documents).hasSizeGreaterThan(4);
            for (Path document : documents) {
                assertThat(link.matcher(Files.readString(document)).results())
                        .as(document.toString())
                        .allSatisfy(found -> assertThat(document.resolveSibling(found.group(1)))
                                .exists());
            }
        }
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
