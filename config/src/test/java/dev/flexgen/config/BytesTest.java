package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BytesTest {

    @ParameterizedTest
    @CsvSource({
        "16GiB, 17179869184",
        "512 MiB, 536870912",
        "1.5GB, 1500000000",
        "4096, 4096",
        "0, 0",
        " 2 kib , 2048",
        "3KB, 3000",
        "8g, 8589934592",
        "1.25 TiB, 1374389534720",
        "7 B, 7",
        "0.3 KiB, 307",
        "9223372036854775807, 9223372036854775807",
    })
    void readsNumbersWithDecimalAndBinaryUnits(String text, long bytes) {
        assertThat(Bytes.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "GiB",
                "-1",
                "1,5GB",
                "16 gigs",
                "1e3",
                "0x10",
                "NaN",
                "8388608TiB",
                "9223372036854775808"
            })
    void refusesWhatIsNoSize(String text) {
        assertThatThrownBy(() -> Bytes.parse(text))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "\"" + text + "\" is not a number of bytes: write for example 16GiB, 512 MiB, 1.5GB or 4096.");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1.0 KiB",
        "1536, 1.5 KiB",
        "1048575, 1.0 MiB",
        "17179869184, 16.0 GiB",
        "349208936448, 325.2 GiB",
        "9223372036854775807, 8.0 EiB",
    })
    void showsBinaryUnitsWithOneDecimal(long bytes, String text) {
        assertThat(Bytes.format(bytes)).isEqualTo(text);
    }

    @Test
    void hasNoNegativeSizes() {
        assertThatThrownBy(() -> Bytes.format(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
