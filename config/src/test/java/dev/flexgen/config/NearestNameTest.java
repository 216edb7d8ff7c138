package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {

    private static final List<String> NAMES = List.of("temperature", "threads", "top-k", "top-p", "seed");

    @ParameterizedTest
    @CsvSource({
        "temprature, temperature",
        "TEMPERATURE, temperature",
        "tempreature, temperature",
        "thread, threads",
        "top_p, top-p",
        "seeds, seed",
    })
    void findsTheNameThatWasMeant(String typed, String name) {
        assertThat(NearestName.of(typed, NAMES)).contains(name);
    }

    @Test
    void staysSilentWhenNothingIsNear() {
        assertThat(NearestName.of("colour-scheme", NAMES)).isEmpty();
        assertThat(NearestName.of("", NAMES)).isEmpty();
        assertThat(NearestName.of("x".repeat(100_000), NAMES)).isEmpty();
        assertThat(NearestName.of("seed", List.of())).isEmpty();
    }

    @Test
    void prefersTheFirstOfEquals() {
        assertThat(NearestName.of("top-x", NAMES)).contains("top-k");
    }

    @Test
    void endsASentence() {
        assertThat(NearestName.question("sed", NAMES)).isEqualTo("; did you mean seed?");
        assertThat(NearestName.question("nonsense", NAMES)).isEqualTo(".");
    }
}
