package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigJsonTest {

    @TempDir
    Path folder;

    private ConfigJson config(String json) throws IOException {
        Files.writeString(folder.resolve("config.json"), json);
        return ConfigJson.read(folder);
    }

    static Stream<Arguments> unreadableFiles() {
        return Stream.of(
                arguments("", "config.json is empty"),
                arguments(" \n\t", "config.json is empty"),
                arguments("[]", "does not hold one JSON object"),
                arguments("null", "does not hold one JSON object"),
                arguments("{\"a\": 1", "is not valid JSON"),
                arguments("{\"a\": 1} {}", "is not valid JSON"),
                arguments("{'a': 1}", "is not valid JSON"),
                arguments("{\"a\": NaN}", "is not valid JSON"),
                arguments("{\"a\": " + "[".repeat(100_000), "is not valid JSON"),
                arguments("<html>not found</html>", "is not valid JSON"));
    }

    @ParameterizedTest
    @MethodSource("unreadableFiles")
    void aFileThatHoldsNoObjectIsRefused(String json, String complaint) {
        assertThatThrownBy(() -> config(json))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(folder.resolve("config.json").toString())
                .hasMessageContaining(complaint)
                .hasMessageContaining("fetch the model again");
    }

    @Test
    void aFolderWithoutConfigIsNoModelFolder() {
        assertThatThrownBy(() -> ConfigJson.read(folder))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(folder + " has no config.json, so it is not a model folder");
    }

    @Test
    void aMissingFolderIsNamed() {
        assertThatThrownBy(() -> ConfigJson.read(folder.resolve("nowhere")))
                .isInstanceOf(EngineException.class)
                .hasMessage("There is no model folder " + folder.resolve("nowhere") + "; check the path");
    }

    @Test
    void aFolderInPlaceOfTheFileIsRefused() throws IOException {
        Files.createDirectory(folder.resolve("config.json"));
        assertThatThrownBy(() -> ConfigJson.read(folder))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("Cannot read " + folder.resolve("config.json"));
    }

    @Test
    void aFileThatIsNotTextIsRefused() throws IOException {
        Files.write(folder.resolve("config.json"), new byte[] {'{', (byte) 0xff, (byte) 0xfe, '}'});
        assertThatThrownBy(() -> ConfigJson.read(folder))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("is not UTF-8 text");
    }

    @Test
    void aFileOfWeightsNamedLikeAConfigIsNotReadWhole() throws IOException {
        Files.write(folder.resolve("config.json"), new byte[(16 << 20) + 1]);
        assertThatThrownBy(() -> ConfigJson.read(folder))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("larger than any model configuration");
    }

    @Test
    void aByteOrderMarkIsNoObstacle() throws IOException {
        Files.write(folder.resolve("config.json"), "\uFEFF{\"a\": 7}".getBytes(StandardCharsets.UTF_8));
        assertThat(ConfigJson.read(folder).size("a", 1)).isEqualTo(7);
    }

    @Test
    void theLastOfTwoEqualKeysCountsAsInPython() throws IOException {
        assertThat(config("{\"a\": 1, \"a\": 2}").size("a", 9)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"12", "1.2e1", "12.0", "1200e-2"})
    void aSizeMayBeSpelledInAnyWayThatIsWhole(String number) throws IOException {
        assertThat(config("{\"a\": " + number + "}").size("a", 9)).isEqualTo(12);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "1.5",
                "1e300",
                "1e100000",
                "1e-100000",
                "99999999999999999999",
                "16777217",
                "\"12\"",
                "true",
                "[]",
                "{}"
            })
    void aSizeThatIsNoneIsRefused(String value) throws IOException {
        ConfigJson config = config("{\"hidden_size\": " + value + "}");
        assertThatThrownBy(() -> config.size("hidden_size", 9))
                .isInstanceOf(EngineException.class)
                .hasMessage(folder.resolve("config.json") + ": hidden_size is " + value
                        + ", not a whole number from 1 to 16777216; this is not a model that can be run");
    }

    @Test
    void absentAndNullValuesTakeTheDefault() throws IOException {
        ConfigJson config = config("{\"b\": null}");
        for (String key : new String[] {"a", "b"}) {
            assertThat(config.size(key, 9)).isEqualTo(9);
            assertThat(config.flag(key, true)).isTrue();
            assertThat(config.text(key, "x")).isEqualTo("x");
        }
    }

    @Test
    void anExplicitNullMeansNoToken() throws IOException {
        ConfigJson config = config("{\"eos\": null}");
        assertThat(config.token("eos", 2)).isEmpty();
        assertThat(config.tokens("eos", 2)).isEmpty();
        assertThat(config.token("bos", 2)).hasValue(2);
        assertThat(config.tokens("bos", 2)).containsExactly(2);
    }

    @Test
    void endTokensMayBeOneOrAList() throws IOException {
        assertThat(config("{\"eos\": 5}").tokens("eos", 2)).containsExactly(5);
        assertThat(config("{\"eos\": [9, 5, 9]}").tokens("eos", 2)).containsExactly(5, 9);
        assertThat(config("{\"eos\": []}").tokens("eos", 2)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "\"2\"", "[2, null]", "[[2]]", "2.5"})
    void tokensThatAreNoIdsAreRefused(String value) throws IOException {
        ConfigJson config = config("{\"eos\": " + value + "}");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> config.tokens("eos", 2))
                .withMessageContaining("eos is");
    }

    @Test
    void wrongTypesOfFlagsAndTextsAreRefused() throws IOException {
        ConfigJson config = config("{\"a\": 1, \"b\": \"true\"}");
        assertThatThrownBy(() -> config.flag("b", true)).hasMessageContaining("b is \"true\", not true or false");
        assertThatThrownBy(() -> config.text("a", "")).hasMessageContaining("a is 1, not a text");
    }

    @Test
    void aValueOfAnyLengthGivesAShortMessage() throws IOException {
        ConfigJson config = config("{\"a\": \"" + "x".repeat(100_000) + "\"}");
        assertThatThrownBy(() -> config.size("a", 1))
                .hasMessageContaining("a is \"xxx")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
    }
}
