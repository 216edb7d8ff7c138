package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartialSumCountTest {

    @ParameterizedTest
    @CsvSource({"1, 1", "47, 1", "48, 2", "383, 15", "384, 16", "767, 16", "768, 32", "1152, 48", "28672, 48"})
    void isAMultipleOfTheUsualNumbersOfCoresWhereThereAreEnoughRows(int rows, int parts) {
        assertThat(PartialSumCount.of(rows)).isEqualTo(parts);
    }

    @Test
    void leavesNoPartWithoutRows() {
        for (int rows = 1; rows < 3000; rows++) {
            assertThat(PartialSumCount.of(rows)).isBetween(1, rows);
        }
    }
}
