package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** When the launcher lets Java use and make class data. */
class ClassDataTest extends LauncherWorld {

    @Test
    void keepsClassDataInTheCacheAndDoesWithoutWhereThereIsNone() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("XDG_CACHE_HOME", world.resolve("cache").toString());
        String archive = "[-XX:SharedArchiveFile="
                + world.resolve("cache/flexgen-chat/cds/flexgen-chat-app-1.2.jar-25.0.1-") + "\\d+-%s.jsa]";
        assertThat(launch(launcher, "-m", "x").out())
                .contains("[-XX:+AutoCreateSharedArchive]")
                .containsPattern(archive.replace("[", "\\[").formatted("chat"));
        assertThat(launch(launcher, "--version").out())
                .contains("[-XX:-AutoCreateSharedArchive]")
                .containsPattern(archive.replace("[", "\\[").formatted("generate"));

        Path file = Files.createFile(world.resolve("file"));
        environment.put("XDG_CACHE_HOME", file.toString());
        var program = launch(launcher, "hello");
        assertThat(program.out()).doesNotContain("SharedArchiveFile").endsWith("[hello]\n");
        assertThat(program.err()).isEmpty();
    }

    @Test
    void classDataIsTrustedOnlyWhereNobodyElseCanWrite() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("XDG_CACHE_HOME", world.resolve("cache").toString());
        assertThat(launch(launcher, "-m", "x").out()).contains("SharedArchiveFile");
        for (String folder : List.of("cache/flexgen-chat/cds", "cache/flexgen-chat", "cache")) {
            Path shared = world.resolve(folder);
            Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
            var program = launch(launcher, "-m", "x");
            assertThat(program.out()).as(folder).doesNotContain("SharedArchiveFile", "tmpdir");
            assertThat(program.err()).isEmpty();
            Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        assertThat(launch(launcher, "-m", "x").out()).contains("SharedArchiveFile");
    }

    @Test
    void classDataIsExaminedOnceAndWhatIsDamagedIsThrownAway() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("XDG_CACHE_HOME", world.resolve("cache").toString());
        launch(launcher, "-m", "x");
        Path folder = world.resolve("cache/flexgen-chat/cds");
        Path room = entry(folder);
        Path archive = room.resolveSibling(room.getFileName().toString().replace(".room", ""));
        byte[] data = new byte[5 << 20];
        Files.write(archive, data);

        launch(launcher, "-m", "x");
        launch(launcher, "-m", "x");
        assertThat(Files.readAllLines(world.resolve("examined"))).hasSize(1);
        assertThat(archive).exists();

        Files.write(launcher.resolveSibling("lib/other.jar"), new byte[3]); // an update
        launch(launcher, "-m", "x");
        assertThat(archive).doesNotExist();
        Files.write(archive, data);
        launch(launcher, "-m", "x");
        assertThat(archive).exists();

        data[data.length / 2] = 1; // damage that Java finds
        Files.write(archive, data);
        Files.createFile(world.resolve("damaged"));
        assertThat(launch(launcher, "-m", "x").out()).contains("[-XX:+AutoCreateSharedArchive]");
        assertThat(archive).doesNotExist();

        Files.write(archive, new byte[1 << 20]); // what a run leaves that hardly began
        launch(launcher, "-m", "x");
        assertThat(archive).doesNotExist();
    }

    @Test
    void roomForClassDataIsSetAsideAndWithoutItNoneIsMade() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("XDG_CACHE_HOME", world.resolve("cache").toString());
        var program = launch(launcher, "-m", "x");
        Path room = entry(world.resolve("cache/flexgen-chat/cds"));
        assertThat(room).hasSize(20_000_000);
        assertThat(program.out()).contains("[-Dflexgen.room=" + room + "]", "[-XX:+AutoCreateSharedArchive]");

        executable(world.resolve("bin/head"), "#!/bin/sh\necho 'no space left' >&2\nexit 1\n");
        program = launch(launcher, "-m", "x");
        assertThat(program.out()).contains("[-XX:-AutoCreateSharedArchive]").doesNotContain("flexgen.room");
        assertThat(program.err()).isEmpty();
        assertThat(world.resolve("cache/flexgen-chat/cds")).isEmptyDirectory();
    }

    @Test
    void aHomeThatDoesNotExistIsNotMade() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        assertThat(launch(launcher, "-m", "x").out()).doesNotContain("SharedArchiveFile");
        assertThat(world.resolve("home")).doesNotExist();
        environment.remove("HOME");
        var program = launch(launcher, "-m", "x");
        assertThat(program.exitCode()).isZero();
        assertThat(program.err()).isEmpty();
        assertThat(program.out()).doesNotContain("SharedArchiveFile");
    }

    private static Path entry(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.findFirst().orElseThrow();
        }
    }
}
