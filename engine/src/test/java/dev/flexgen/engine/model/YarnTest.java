package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Positions stretched by YaRN, against {@code _compute_yarn_parameters} of transformers 5.18, run in double precision: what it gives
 * for the frequencies, and for the factor of cosines and sines.
 */
class YarnTest {

    @TempDir
    Path folder;

    private Positions.Rotary rotary(String keys) throws IOException {
        Files.writeString(folder.resolve("config.json"), ("{`model_type`: " + keys + "}").replace('`', '"'));
        return (Positions.Rotary) Families.read(folder).block(0).attention().positions();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', textBlock = """
        `llama`, `head_dim`: 16, `rope_scaling`: {`rope_type`: `yarn`, `factor`: 4.0, `original_max_position_embeddings`: 128} | 1.138629436111989 | 1 0.2371708245 0.05 0.00790569415 0.0025 0.000790569415 0.00025 7.90569415e-05
        `llama`, `head_dim`: 16, `max_position_embeddings`: 128, `rope_scaling`: {`type`: `yarn`, `factor`: 4.0} | 1.138629436111989 | 1 0.2371708245 0.05 0.00790569415 0.0025 0.000790569415 0.00025 7.90569415e-05
        `qwen3`, `head_dim`: 16, `rope_parameters`: {`rope_type`: `yarn`, `rope_theta`: 150000, `factor`: 32.0, `original_max_position_embeddings`: 4096, `truncate`: false, `attention_factor`: 1.25, `beta_fast`: 16, `beta_slow`: 2} | 1.25 | 1.0 0.2254180002 0.05081327482 0.007387542023 8.068715305e-05 1.818833668e-05 4.099978482e-06 9.242089502e-07
        `llama`, `head_dim`: 16, `rope_scaling`: {`rope_type`: `yarn`, `factor`: 40, `original_max_position_embeddings`: 4096, `mscale`: 0.707, `mscale_all_dim`: 1.0} | 0.9210423553163399 | 1.0 0.316227766 0.1 0.02391472481 0.005125 0.0008498621212 2.5e-05 7.90569415e-06
        `glm4_moe`, `head_dim`: 24, `rope_parameters`: {`rope_type`: `yarn`, `rope_theta`: 10000, `partial_rotary_factor`: 0.5, `factor`: 2, `original_max_position_embeddings`: 256} | 1.0693147180559945 | 1.0 0.1795362242 0.03094392556 0.005 0.001077217345 0.0002320794417
        """)
    void frequenciesAndMagnitudeAreThoseOfTransformers(String keys, double magnitude, String wanted)
            throws IOException {
        Positions.Rotary rotary = rotary(keys);
        double[] frequencies = Arrays.stream(wanted.split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertThat(rotary.frequencies()).hasSameSizeAs(frequencies);
        for (int m = 0; m < frequencies.length; m++) {
            assertThat((double) rotary.frequencies()[m])
                    .as("pair %d", m)
                    .isCloseTo(frequencies[m], within(2e-7 * frequencies[m]));
        }
        assertThat(rotary.scaling().magnitude()).isCloseTo(magnitude, within(1e-12));
    }

    /** As the cards of Qwen's models say to write it. */
    @Test
    void qwenIsStretchedToFourTimesItsContext() throws IOException {
        Positions.Rotary rotary = rotary("`qwen3`, `max_position_embeddings`: 40960, `rope_theta`: 1000000.0,"
                + " `rope_scaling`: {`rope_type`: `yarn`, `factor`: 4.0, `original_max_position_embeddings`: 32768}");
        float[] frequencies = rotary.frequencies();
        assertThat(frequencies).hasSize(64).startsWith(1f);
        assertThat((double) frequencies[20]).isCloseTo(0.01333521432, within(1e-8));
        assertThat((double) frequencies[32]).isCloseTo(0.0006029411765, within(1e-9));
        assertThat((double) frequencies[63]).isCloseTo(3.102344402e-07, within(1e-12));
        assertThat(rotary.scaling().magnitude()).isCloseTo(1.138629436111989, within(1e-12));
        assertThat(Families.read(folder).positions()).isEqualTo(131_072);
    }
}
