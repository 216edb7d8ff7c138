package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineOptionsTest {

    @ParameterizedTest
    @CsvSource({
        "16, 0, true, 12",
        "16, 0, false, 16",
        "4, 0, true, 3",
        "3, 0, true, 3",
        "1, 0, true, 1",
        "16, 5, true, 5",
        "16, 20, true, 20",
        "16, 5, false, 5"
    })
    void aQuarterOfTheCoresIsLeftToOthersBesideAGpuUnlessANumberIsSaid(
            int cores, int asked, boolean besideGpu, int workers) {
        assertThat(EngineOptions.workers(cores, asked, besideGpu)).isEqualTo(workers);
    }
}
