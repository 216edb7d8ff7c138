package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {

    private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2001-01-01T00:00:00Z"));

    @TempDir
    Path folder = Path.of("");

    @Test
    void whatIsOldAndHalfMadeGoesAndNothingElse() throws IOException {
        Path tree = Files.createDirectories(folder.resolve("demo.1.partial"));
        Path elsewhere = Files.writeString(folder.resolve("elsewhere"), "mine");
        Files.createSymbolicLink(tree.resolve("link"), elsewhere);
        Files.setLastModifiedTime(tree, LONG_AGO);
        Path inWork = Files.createDirectory(folder.resolve("demo.2.partial"));
        Path other = Files.setLastModifiedTime(Files.createDirectory(folder.resolve("demo.3")), LONG_AGO);

        Leftovers.delete(folder, "demo.*" + Leftovers.SUFFIX);

        assertThat(tree).doesNotExist();
        assertThat(inWork).exists();
        assertThat(other).exists();
        assertThat(elsewhere).hasContent("mine");
    }

    @Test
    void savingSettingsTakesLeftoversWithIt() throws IOException {
        Path file = folder.resolve("config.json");
        Path old = Files.setLastModifiedTime(Files.createFile(folder.resolve("config123.partial")), LONG_AGO);

        new ConfigUpdate(file).set(SettingTable.MODEL, "demo").write();

        assertThat(old).doesNotExist();
        assertThat(file).exists();
    }

    @Test
    void aFolderThatIsNotThereHasNone() {
        Leftovers.delete(folder.resolve("missing"), "*");

        assertThat(folder).isEmptyDirectory();
    }
}
