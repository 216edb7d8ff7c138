package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnpackedFilesTest {

    /** One from a folder of the class path, one from a jar. */
    private static final List<String> PATHS =
            List.of("dev/flexgen/config/SettingTable.class", "com/google/gson/Gson.class");

    @TempDir
    Path world;

    private Path temporary;
    private List<PackedFile> files;

    @BeforeEach
    void packed() throws IOException {
        temporary = Files.createDirectory(world.resolve("tmp"));
        files = List.of(
                PackedFile.of(SettingTable.class, PATHS.get(0)),
                PackedFile.of(com.google.gson.Gson.class, PATHS.get(1)));
    }

    private Path unpack() throws IOException {
        return UnpackedFiles.in(world.resolve("a/b"), files, temporary);
    }

    private static byte[] content(String path) throws IOException {
        try (var in = SettingTable.class.getResourceAsStream("/" + path)) {
            return in == null ? new byte[0] : in.readAllBytes();
        }
    }

    private void assertComplete(Path folder) throws IOException {
        assertThat(folder.resolve("SettingTable.class")).hasBinaryContent(content(PATHS.get(0)));
        assertThat(folder.resolve("Gson.class")).hasBinaryContent(content(PATHS.get(1)));
        try (Stream<Path> entries = Files.list(folder)) {
            assertThat(entries).hasSize(2);
        }
    }

    @Test
    void theyAreKeptInAFolderOfTheUsersOwn() throws Exception {
        Path folder = unpack();
        assertThat(folder).isEqualTo(world.resolve("a/b"));
        assertComplete(folder);
        assertThat(temporary).isEmptyDirectory();
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void aDamagedOneIsReplacedAndAWholeOneLeftAlone() throws Exception {
        Path folder = unpack();
        Path gson = folder.resolve("Gson.class");
        Object whole =
                Files.readAttributes(folder.resolve("SettingTable.class"), "*").get("fileKey");
        for (int cut : new int[] {0, 1, content(PATHS.get(1)).length - 1}) {
            Files.write(gson, java.util.Arrays.copyOf(content(PATHS.get(1)), cut));
            unpack();
            assertComplete(folder);
        }
        byte[] flipped = content(PATHS.get(1));
        flipped[flipped.length / 2] ^= 4;
        Files.write(gson, flipped);
        assertComplete(unpack());
        assertThat(Files.readAttributes(folder.resolve("SettingTable.class"), "*")
                        .get("fileKey"))
                .isEqualTo(whole);
    }

    @Test
    void aLinkIsReplacedByAFile() throws Exception {
        Path gson = unpack().resolve("Gson.class");
        Path elsewhere = Files.write(world.resolve("elsewhere"), content(PATHS.get(1)));
        Files.delete(gson);
        Files.createSymbolicLink(gson, elsewhere);
        assertComplete(unpack());
        assertThat(gson)
                .isRegularFile()
                .satisfies(file -> assertThat(Files.isSymbolicLink(file)).isFalse());
    }

    @Test
    void nothingIsBelievedThatOthersCouldHaveWritten() throws Exception {
        assumeThat(world.getFileSystem().supportedFileAttributeViews()).contains("unix");
        for (String parent : List.of("a", "a/b")) {
            Path folder = unpack();
            for (String mode : List.of("rwxrwxrwx", "rwx----w-")) {
                Files.setPosixFilePermissions(world.resolve(parent), PosixFilePermissions.fromString(mode));
                Path instead = unpack();
                assertThat(instead).as(parent + " " + mode).isNotEqualTo(folder).hasParent(temporary);
                assertComplete(instead);
            }
            Files.setPosixFilePermissions(world.resolve(parent), PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        // As in the system's folder for temporary files: others may add entries, but not touch this one.
        Files.setAttribute(world.resolve("a"), "unix:mode", 01777);
        assertThat(unpack()).isEqualTo(world.resolve("a/b"));
        Files.setAttribute(world.resolve("a/b"), "unix:mode", 01777);
        assertThat(unpack()).hasParent(temporary);
    }

    @Test
    void whereNothingCanBeKeptTheyAreMadeForTheRun() throws Exception {
        Files.createFile(world.resolve("a"));
        Path folder = unpack();
        assertThat(folder).hasParent(temporary);
        assertComplete(folder);
    }

    @Test
    void aFolderForSomebodyElseIsPrivateAndHasRoom() throws Exception {
        Path preferred = world.resolve("a/b");
        assertThat(UnpackedFiles.folder(preferred, 1, temporary)).isEqualTo(preferred);
        assertThat(UnpackedFiles.folder(preferred, Long.MAX_VALUE, temporary)).hasParent(temporary);
    }

    @Test
    void noPlaceAtAllIsOneClauseThatNamesBoth() throws Exception {
        Files.createFile(world.resolve("a"));
        Files.delete(temporary);
        assertThatThrownBy(this::unpack)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the folder " + world.resolve("a/b") + " cannot be made")
                .hasMessageEndingWith(
                        ", nor can the temporary folder " + temporary + " be used (there is no such folder)");
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> PackedFile.of(SettingTable.class, "no/such.file"))
                .hasMessageContaining("no/such.file is not among the program's files");
    }
}
