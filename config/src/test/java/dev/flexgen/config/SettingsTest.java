package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

    @TempDir
    Path home = Path.of("");

    private Path file = Path.of("");

    @BeforeEach
    void createDirectory() throws IOException {
        file = home.resolve(".config/flexgen-chat/config.json");
        Files.createDirectories(file.getParent());
    }

    private Settings resolve(Map<String, String> variables, Map<String, String> flags) {
        Environment environment = new Environment(variables, home, home);
        return Settings.resolve(environment, AppDirs.of(environment), flags);
    }

    private void resolveFile(String content) throws IOException {
        Files.writeString(file, content);
        resolve(Map.of(), Map.of());
    }

    @Test
    void withoutAnyInputEverythingIsTheDefault() {
        Settings settings = resolve(Map.of(), Map.of());

        for (Setting<?> setting : SettingTable.all()) {
            assertThat((Object) settings.get(setting)).isEqualTo(setting.defaultValue());
            assertThat(settings.source(setting)).isEqualTo(new SettingSource.Default());
        }
    }

    @Test
    void flagWinsOverEnvironmentOverFileOverDefault() throws IOException {
        Files.writeString(file, """
                {
                  "threads": 1,
                  "context": 100,
                  "top-k": 10,
                  "seed": 7, "model": "opt-125m", "quiet": true, "kv": "f16"
                }
                """);
        Settings settings = resolve(
                Map.of("FLEXGEN_THREADS", "2", "FLEXGEN_CONTEXT", "200", "FLEXGEN_SEED", ""), Map.of("--threads", "3"));

        assertThat(settings.get(SettingTable.THREADS)).isEqualTo(3);
        assertThat(settings.get(SettingTable.CONTEXT)).isEqualTo(200);
        assertThat(settings.get(SettingTable.TOP_K)).isEqualTo(10);
        assertThat(settings.get(SettingTable.MAX_NEW_TOKENS)).isEqualTo(256);
        assertThat(settings.get(SettingTable.SEED)).isEqualTo(OptionalLong.of(7));
        assertThat(settings.get(SettingTable.MODEL)).isEqualTo("opt-125m");
        assertThat(settings.get(SettingTable.QUIET)).isTrue();
        assertThat(settings.get(SettingTable.KV)).isEqualTo(KvChoice.F16);
        assertThat(settings.source(SettingTable.THREADS).describe()).isEqualTo("--threads");
        assertThat(settings.source(SettingTable.CONTEXT).describe())
                .isEqualTo("the environment variable FLEXGEN_CONTEXT");
        assertThat(settings.source(SettingTable.TOP_K).describe()).isEqualTo(file + " (line 4)");
        assertThat(settings.source(SettingTable.MAX_NEW_TOKENS).describe()).isEqualTo("the default");
    }

    @Test
    void aWrongFlagIsNamed() {
        assertThatThrownBy(() -> resolve(Map.of(), Map.of("top-p", "2")))
                .isInstanceOf(ConfigException.class)
                .hasMessage("top-p must be a number above 0, up to 1, but --top-p says \"2\".");
    }

    @Test
    void aWrongVariableIsNamedEvenIfAFlagOverridesIt() {
        assertThatThrownBy(() -> resolve(Map.of("FLEXGEN_KV", "q9"), Map.of("kv", "f16")))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "kv must be one of auto, f32, f16, q4, but the environment variable FLEXGEN_KV says \"q9\".");
    }

    @Test
    void aWrongValueInTheFileIsNamedWithItsLine() {
        assertThatThrownBy(() -> resolveFile("{\n\"threads\": -2}"))
                .isInstanceOf(ConfigException.class)
                .hasMessage("threads must be a whole number from 0 to 1024, but " + file + " (line 2) says \"-2\".");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"threads\": \"4\"} | threads | a JSON string",
                "{\"threads\": [4]} | threads | a JSON array",
                "{\"threads\": {\"n\": 4}} | threads | a JSON object",
                "{\"threads\": null} | threads | null",
                "{\"threads\": true} | threads | a JSON boolean",
                "{\"quiet\": \"true\"} | quiet | a JSON string",
                "{\"model\": 13} | model | a JSON number",
            })
    void aValueOfTheWrongFormIsRefused(String content, String name, String form) {
        Setting<?> setting = SettingTable.find(name).orElseThrow();

        assertThatThrownBy(() -> resolveFile(content))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        name + " must be " + setting.allowed() + ", but " + file + " (line 1) has " + form + " there.");
    }

    @Test
    void anUnknownKeyIsRefusedWithTheNameThatWasMeant() {
        assertThatThrownBy(() -> resolveFile("{\n\n  \"temprature\": 1}"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + " (line 3) sets \"temprature\", which is not a setting; did you mean temperature?");
        assertThatThrownBy(() -> resolveFile("{\"--threads\": 1}"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("sets \"--threads\", which is not a setting; did you mean threads?");
        assertThatThrownBy(() -> resolveFile("{\"colour-scheme\": 1}"))
                .isInstanceOf(ConfigException.class)
                .hasMessageEndingWith("sets \"colour-scheme\", which is not a setting.");
    }

    @Test
    void aKeyGivenTwiceIsRefused() {
        assertThatThrownBy(() -> resolveFile("{\"kv\": \"f16\",\n \"kv\": \"f32\"}"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + " (line 2) sets kv a second time: keep one of the two.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"threads\": 4 | line 1, column 14",
                "{threads: 4} | line 1, column 3",
                "{\"threads\": 4,} | line 1, column 16",
                "{\"threads\": 4} {} | line 1, column 17",
                "{'threads': 4} | line 1, column 3",
                "{\"threads\": 4 /* four */} | line 1, column 16",
                "`` | line 1, column 1",
                "{\"model\": \"opt | line 1, column 15",
            })
    void garbledJsonIsRefusedWithItsPosition(String content, String position) {
        assertThatThrownBy(() -> resolveFile(content))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + " is not valid JSON near " + position + ".");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "4", "\"threads\"", "null", "true"})
    void aFileThatIsNoObjectIsRefused(String content) {
        assertThatThrownBy(() -> resolveFile(content))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(file + " must hold one JSON object such as ");
    }

    @Test
    void aFileThatIsNoTextIsRefused() throws IOException {
        Files.write(file, "{\"system\": \"gr\u00fc\u00df dich\"}".getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(() -> resolve(Map.of(), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + " is not UTF-8 text: save it as UTF-8.");
    }

    @Test
    void aDirectoryOrAHugeFileIsRefused() throws IOException {
        assertThatThrownBy(() -> resolveFile(" ".repeat((1 << 20) + 1)))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + " is not a settings file: expected a small JSON file.");
        Files.delete(file);
        Files.createDirectory(file);
        assertThatThrownBy(() -> resolve(Map.of(), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("is not a settings file");
    }
}
