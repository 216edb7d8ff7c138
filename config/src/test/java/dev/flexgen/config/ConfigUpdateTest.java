package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigUpdateTest {

    @TempDir
    Path home = Path.of("");

    @Test
    void aNewFileIsMadeWithItsFolderForTheUserAlone() throws IOException {
        Path file = home.resolve("a/b/config.json");

        new ConfigUpdate(file).set(SettingTable.MODEL, "opt-1.3b").write();

        assertThat(file).hasContent("{\n  \"model\": \"opt-1.3b\"\n}\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("a/b"))))
                .isEqualTo("rwx------");
    }

    @Test
    void otherSettingsStayInTheirOrderAndForm() throws IOException {
        Path file = Files.writeString(
                home.resolve("config.json"),
                "{\"temperature\": 0.70, \"model\": \"demo\", \"quiet\": true, \"store\": \"/old\"}");

        new ConfigUpdate(file)
                .set(SettingTable.MODEL, "it's <mine>")
                .set(SettingTable.STORE, "")
                .write();

        assertThat(file)
                .hasContent("{\n  \"temperature\": 0.70,\n  \"model\": \"it's <mine>\",\n  \"quiet\": true\n}\n");
        try (Stream<Path> files = Files.list(home)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void whatItSaysIsWhatItWritesAndWhatIsReadBack() throws IOException {
        AppDirs dirs = AppDirs.of(new Environment(Map.of(), home, home));
        ConfigUpdate update = new ConfigUpdate(dirs.configFile())
                .set(SettingTable.MODEL, "opt-1.3b")
                .set(SettingTable.STORE, "/data/models");

        String content = update.content();
        update.write();

        assertThat(dirs.configFile()).hasContent(content);
        Settings settings = Settings.resolve(new Environment(Map.of(), home, home), dirs, Map.of());
        assertThat(settings.get(SettingTable.MODEL)).isEqualTo("opt-1.3b");
        assertThat(settings.get(SettingTable.STORE)).isEqualTo("/data/models");
    }

    @Test
    void aLinkToTheFileStaysALink() throws IOException {
        Path dotfiles = Files.createDirectories(home.resolve("dotfiles"));
        Path real = Files.writeString(dotfiles.resolve("mine.json"), "{\"quiet\": true}");
        Path link = Files.createSymbolicLink(home.resolve("config.json"), real);

        new ConfigUpdate(link).set(SettingTable.MODEL, "demo").write();

        assertThat(link).isSymbolicLink();
        assertThat(real).hasContent("{\n  \"quiet\": true,\n  \"model\": \"demo\"\n}\n");
    }

    @Test
    void aFileThatIsWrongIsNotOverwritten() throws IOException {
        Path file = Files.writeString(home.resolve("config.json"), "{\"modle\": \"x\"}");

        assertThatThrownBy(() ->
                        new ConfigUpdate(file).set(SettingTable.MODEL, "demo").write())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("modle");
        assertThat(file).hasContent("{\"modle\": \"x\"}");
    }

    @Test
    void aFolderThatCannotBeWrittenIsNamed() throws IOException {
        Path notAFolder = Files.createFile(home.resolve("file"));

        assertThatThrownBy(() -> new ConfigUpdate(notAFolder.resolve("config.json"))
                        .set(SettingTable.MODEL, "demo")
                        .write())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(notAFolder.toString())
                .hasMessageContaining("cannot be written");
    }
}
