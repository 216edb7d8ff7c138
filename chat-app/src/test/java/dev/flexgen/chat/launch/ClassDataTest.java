package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When the launcher lets Java use class data, and when and how it has it made. */
class ClassDataTest extends LauncherWorld {

    private static final String USED = "[-XX:SharedArchiveFile=";

    private Path folder;

    @BeforeEach
    void aJdkAndACache() throws IOException {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("XDG_CACHE_HOME", world.resolve("cache").toString());
        folder = world.resolve("cache/flexgen-chat/cds");
        environment.put("FLEXGEN_CLASS_DATA", "now");
    }

    @Test
    void isMadeOnceAndUsedByEveryCommandFromThenOn() throws Exception {
        var first = launch(launcher, "-m", "x");
        Path archive = archive();

        assertThat(archive.getFileName().toString()).matches("flexgen-chat-app-1\\.2\\.jar-25\\.0\\.1-\\d+\\.jsa");
        assertThat(first.err()).isEmpty();
        assertThat(first.out()).contains(USED + archive + "]", "[-Djline.tmpdir=" + folder + "]");
        assertThat(launch(launcher, "--version").out()).contains(USED + archive + "]");
        assertThat(launch(launcher, "generate", "--ids", "2").out()).contains(USED + archive + "]");
        assertThat(times("-Xshare:dump")).isEqualTo(1);
        assertThat(times("-XX:+VerifySharedSpaces")).isEqualTo(1);
        assertThat(files()).hasSize(2);
    }

    @Test
    void theRehearsalIsOnTheProcessorWithoutTheUsersOptions() throws Exception {
        environment.put("FLEXGEN_JAVA_OPTS", "-agentlib:jdwp=suspend=y -XX:+UseParallelGC");
        environment.put("JAVA_TOOL_OPTIONS", "-Dx=y");
        launch(launcher, "-m", "x");

        assertThat(Files.readAllLines(world.resolve("made")))
                .hasSize(5)
                .allSatisfy(line -> assertThat(line)
                        .startsWith("options= gpus=-1 ")
                        .contains(" -XX:+UseParallelGC ")
                        .doesNotContain("jdwp", "SerialGC"));
    }

    @Test
    void theProgramThatFollowsHasTheUsersEnvironment() throws Exception {
        environment.put("JAVA_TOOL_OPTIONS", "-Dx=y");
        environment.put("CUDA_VISIBLE_DEVICES", "1");
        launch(launcher, "-m", "x");

        assertThat(world.resolve("started")).hasContent("gpus=1 -Dx=y");
    }

    @Test
    void aPlanThatTheUsersLimitsRefuseDoesNotSpoilIt() throws Exception {
        Files.createFile(world.resolve("limited"));

        assertThat(launch(launcher, "-m", "x").out()).contains(USED + archive() + "]");
    }

    @Test
    void theVectorModulesClassesAndNumbersOfLoadersAreLeftOut() throws Exception {
        launch(launcher, "-m", "x");

        assertThat(Files.readAllLines(world.resolve("classes")))
                .isEqualTo(Collections.nCopies(3, List.of("java/lang/Object", "@lambda-proxy a/B run")).stream()
                        .flatMap(List::stream)
                        .toList());
    }

    @Test
    void itIsMadeWhenTheFirstStartIsOverAndByOneStartAlone() throws Exception {
        environment.remove("FLEXGEN_CLASS_DATA");
        executable(world.resolve("bin/sleep"), "#!/bin/sh\nexec /bin/sleep 0.1\n");
        executable(
                world.resolve("bin/renice"), "#!/bin/sh\nprintf '%s ' \"$@\" >>'" + world.resolve("reniced") + "'\n");
        assertThat(launch(launcher, "-m", "x").out()).doesNotContain(USED);
        launch(launcher, "-m", "x");
        launch(launcher, "-m", "x");
        Instant deadline = Instant.now().plusSeconds(30);
        while (!launch(launcher, "-m", "x").out().contains(USED)) {
            assertThat(Instant.now()).as("it is made").isBefore(deadline);
        }
        assertThat(times("-Xshare:dump")).isEqualTo(1);
        assertThat(Files.readString(world.resolve("reniced"))).matches("-n 19 -p \\d+ ");
    }

    @Test
    void whatCannotBeMadeIsNotTriedAgainAtEveryStart() throws Exception {
        environment.remove("FLEXGEN_CLASS_DATA");
        executable(world.resolve("bin/sleep"), "#!/bin/sh\nexec /bin/sleep 0.1\n");
        Files.createFile(world.resolve("full"));
        launch(launcher, "-m", "x");
        Path tried = tried();
        awaitMade(1);
        assertThat(launch(launcher, "-m", "x").err()).isEmpty();
        assertThat(files()).containsExactly(tried);

        Files.setLastModifiedTime(tried, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        launch(launcher, "-m", "x");
        awaitMade(2);
        Files.write(launcher.resolveSibling("lib/other.jar"), new byte[3]); // an update
        launch(launcher, "-m", "x");
        awaitMade(3);
    }

    @Test
    void aFullDiskIsNotSpokenOf() throws Exception {
        executable(world.resolve("bin/sed"), "#!/bin/sh\necho sed: no space left >&2\nexit 4\n");
        var program = launch(launcher, "-m", "x");
        assertThat(program.err()).isEmpty();
        assertThat(program.out()).endsWith("[-m][x]\n");
    }

    @Test
    void offNeitherMakesNorUsesIt() throws Exception {
        launch(launcher, "-m", "x");
        environment.put("FLEXGEN_CLASS_DATA", "off");
        assertThat(launch(launcher, "-m", "x").out()).doesNotContain(USED);
        assertThat(archive()).exists();
    }

    @Test
    void withoutAPlaceToKeepItNothingElseChanges() throws Exception {
        Path file = Files.createFile(world.resolve("file"));
        environment.put("XDG_CACHE_HOME", file.toString());
        var program = launch(launcher, "hello");
        assertThat(program.out()).doesNotContain(USED).endsWith("[hello]\n");
        assertThat(program.err()).isEmpty();
    }

    @Test
    void itIsTrustedOnlyWhereNobodyElseCanWrite() throws Exception {
        assertThat(launch(launcher, "-m", "x").out()).contains(USED);
        for (String name : List.of("cache/flexgen-chat/cds", "cache/flexgen-chat", "cache")) {
            Path shared = world.resolve(name);
            Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
            var program = launch(launcher, "-m", "x");
            assertThat(program.out()).as(name).doesNotContain(USED, "tmpdir");
            assertThat(program.err()).isEmpty();
            Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        assertThat(launch(launcher, "-m", "x").out()).contains(USED);
    }

    @Test
    void whatIsDamagedOrOfOtherJarsIsReplaced() throws Exception {
        launch(launcher, "-m", "x");
        byte[] whole = Files.readAllBytes(archive());

        byte[] damaged = whole.clone();
        damaged[damaged.length / 2] ^= 1;
        Files.write(archive(), damaged);
        assertThat(launch(launcher, "-m", "x").out()).contains(USED);
        assertThat(archive()).hasBinaryContent(whole);

        Files.write(archive(), new byte[0]); // cut off
        launch(launcher, "-m", "x");
        assertThat(archive()).hasBinaryContent(whole);

        Files.write(launcher.resolveSibling("lib/other.jar"), new byte[3]); // an update
        launch(launcher, "-m", "x");
        assertThat(times("-Xshare:dump")).isEqualTo(4);

        Files.write(archive(), damaged);
        environment.remove("FLEXGEN_CLASS_DATA");
        assertThat(launch(launcher, "-m", "x").out()).doesNotContain(USED);
    }

    @Test
    void whatJavaFindsFaultWithIsNotKept() throws Exception {
        Files.createFile(world.resolve("damaged"));
        var program = launch(launcher, "-m", "x");
        assertThat(program.out()).doesNotContain(USED).endsWith("[-m][x]\n");
        assertThat(program.err()).isEmpty();
        assertThat(files().stream().filter(file -> file.toString().endsWith(".jsa")))
                .isEmpty();
    }

    @Test
    void aRehearsalThatIsCutShortMakesNone() throws Exception {
        Files.createFile(world.resolve("short"));
        assertThat(launch(launcher, "-m", "x").out()).doesNotContain(USED);
        assertThat(times("-Xshare:dump")).isZero();
        assertThat(files()).isEmpty();

        Files.delete(world.resolve("short"));
        assertThat(launch(launcher, "-m", "x").out()).contains(USED);
    }

    @Test
    void aHomeThatDoesNotExistIsNotMade() throws Exception {
        environment.remove("XDG_CACHE_HOME");
        assertThat(launch(launcher, "-m", "x").out()).doesNotContain(USED);
        assertThat(world.resolve("home")).doesNotExist();
        environment.remove("HOME");
        var program = launch(launcher, "-m", "x");
        assertThat(program.exitCode()).isZero();
        assertThat(program.err()).isEmpty();
        assertThat(program.out()).doesNotContain(USED);
    }

    private void awaitMade(int attempts) throws Exception {
        Instant deadline = Instant.now().plusSeconds(30);
        while (!Files.exists(world.resolve("made")) || times("-Xshare:dump") < attempts || files().size() > 1) {
            assertThat(Instant.now()).as("attempt " + attempts).isBefore(deadline);
            Thread.sleep(20);
        }
    }

    private long times(String option) throws IOException {
        return Files.readAllLines(world.resolve("made")).stream()
                .filter(line -> line.contains(option))
                .count();
    }

    private Path archive() throws IOException {
        return only(".jsa");
    }

    private Path tried() throws IOException {
        return only(".tried");
    }

    private Path only(String ending) throws IOException {
        return files().stream()
                .filter(file -> file.toString().endsWith(ending))
                .findFirst()
                .orElseThrow();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        }
    }
}
