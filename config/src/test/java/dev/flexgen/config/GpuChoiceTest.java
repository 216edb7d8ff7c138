package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GpuChoiceTest {

    @Test
    void aChoiceIsTheFirstAllOrNumbers() {
        assertThat(GpuChoice.parse("first")).contains(GpuChoice.FIRST);
        assertThat(GpuChoice.parse("ALL")).contains(GpuChoice.ALL);
        assertThat(GpuChoice.parse("3,0")).contains(GpuChoice.of(List.of(3, 0)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", "all", "0", "3,0,12"})
    void isWrittenAsItIsRead(String text) {
        assertThat(GpuChoice.parse(text).orElseThrow()).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "0,", "0,0", "00,0", "-1", "one", "0;1", "0, 1", "99999"})
    void anythingElseIsRefusedInOneSentence(String text) {
        assertThatThrownBy(() -> SettingTable.GPUS.parse(text))
                .isInstanceOf(ConfigException.class)
                .hasMessage("gpus must be first, all, or numbers of GPUs such as 0,1, each once, not " + Quoted.of(text)
                        + ".");
    }
}
