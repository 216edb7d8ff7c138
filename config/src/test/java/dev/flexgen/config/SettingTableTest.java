package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SettingTableTest {

    static List<Setting<?>> settings() {
        return SettingTable.all();
    }

    @Test
    void namesFlagsAndVariablesFollowFromTheName() {
        assertThat(SettingTable.MAX_NEW_TOKENS.name()).isEqualTo("max-new-tokens");
        assertThat(SettingTable.MAX_NEW_TOKENS.flag()).isEqualTo("--max-new-tokens");
        assertThat(SettingTable.MAX_NEW_TOKENS.environmentVariable()).isEqualTo("FLEXGEN_MAX_NEW_TOKENS");
    }

    @Test
    void noTwoSettingsShareAName() {
        assertThat(SettingTable.names()).doesNotHaveDuplicates().hasSameSizeAs(SettingTable.all());
    }

    @ParameterizedTest
    @MethodSource("settings")
    void everySettingIsDocumentedAndFound(Setting<?> setting) {
        assertThat(setting.name()).matches("[a-z]+(-[a-z]+)*");
        assertThat(setting.doc()).matches("[A-Z][^|]*[^.]");
        assertThat(setting.metavar().isEmpty()).isEqualTo(setting.isSwitch());
        assertThat(SettingTable.find(setting.name())).contains(setting);
        assertThat(SettingTable.find(setting.flag())).contains(setting);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void everyDefaultIsAnAllowedValue(Setting<?> setting) {
        String text = setting.defaultText().equals("none") ? "" : setting.defaultText();

        assertThat(setting.parse(text)).isEqualTo(setting.defaultValue());
    }

    @ParameterizedTest
    @CsvSource({
        "threads, -1",
        "threads, 1025",
        "threads, two",
        "threads, 1.0",
        "threads, 99999999999999999999",
        "threads, 9999999999999999999",
        "context, 2147483648",
        "max-new-tokens, 0",
        "temperature, -0.1",
        "temperature, NaN",
        "temperature, Infinity",
        "temperature, 1f",
        "temperature, 0x1p3",
        "temperature, '0,7'",
        "temperature, ''",
        "top-p, 0",
        "top-p, 1.01",
        "min-p, 1.01",
        "min-p, 1",
        "repetition-penalty, 0",
        "repetition-penalty, 0.009",
        "repetition-penalty, 10.1",
        "seed, always",
        "seed, 1.5",
        "device, cudda",
        "kv, f8",
        "color, maybe",
        "quiet, perhaps",
    })
    void valuesOutsideWhatIsAllowedAreRefused(String name, String text) {
        Setting<?> setting = SettingTable.find(name).orElseThrow();

        assertThatThrownBy(() -> setting.parse(text))
                .isInstanceOf(ConfigException.class)
                .hasMessage(name + " must be " + setting.allowed() + ", not \"" + text + "\".");
    }

    @Test
    void messagesSayWhatIsAllowed() {
        assertThat(SettingTable.THREADS.allowed()).isEqualTo("a whole number from 0 to 1024");
        assertThat(SettingTable.TOP_P.allowed()).isEqualTo("a number above 0, up to 1");
        assertThat(SettingTable.MIN_P.allowed()).isEqualTo("a number from 0 to below 1");
        assertThat(SettingTable.REPETITION_PENALTY.allowed()).isEqualTo("a number from 0.01 to 10");
        assertThat(SettingTable.KV.allowed()).isEqualTo("one of auto, f32, f16, q4");
        assertThat(SettingTable.SEED.allowed()).isEqualTo("a whole number or random");
    }

    @Test
    void valuesAreReadInTheUsualSpellings() {
        assertThat(SettingTable.TEMPERATURE.parse("7e-1")).isEqualTo(0.7);
        assertThat(SettingTable.TEMPERATURE.parse(".5")).isEqualTo(0.5);
        assertThat(SettingTable.KV.parse("F16")).isEqualTo(KvChoice.F16);
        assertThat(SettingTable.QUIET.parse("on")).isTrue();
        assertThat(SettingTable.SEED.parse("-7")).isEqualTo(OptionalLong.of(-7));
        assertThat(SettingTable.SEED.parse("Random")).isEmpty();
    }

    @Test
    void helpNamesAllowedValuesAndDefault() {
        assertThat(SettingTable.KV.help())
                .isEqualTo("Number format of the cached conversation (one of auto, f32, f16, q4; default auto)");
        assertThat(SettingTable.QUIET.help()).isEqualTo("Print answers and errors, nothing else");
    }

    @Test
    void findsNothingUnderAnUnknownName() {
        assertThat(SettingTable.find("tempreature")).isEmpty();
        assertThat(SettingTable.find("-threads")).isEmpty();
    }

    @Test
    void theMarkdownTableHasARowForEverySetting() {
        List<String> lines = SettingTable.markdown().lines().toList();

        assertThat(lines).hasSize(SettingTable.all().size() + 2).allMatch(line -> line.split("\\|").length == 7);
        assertThat(lines)
                .contains("| `top-p` | `--top-p P` | `FLEXGEN_TOP_P` | a number above 0, up to 1 | 0.9 | "
                        + SettingTable.TOP_P.doc() + " |")
                .anyMatch(line -> line.startsWith("| `quiet` | `--quiet` |"));
    }
}
