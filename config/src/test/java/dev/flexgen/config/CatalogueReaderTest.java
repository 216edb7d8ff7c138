package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueReaderTest {

    private static final String VALID = """
            [{"series": "Tiny", "family": "opt", "activation": "gelu-tanh", "licence": "MIT", "terms": "open",
              "promptStyle": "dialogue",
              "vocabSize": 100, "positions": 16,
              "models": [{"name": "tiny", "hubId": "me/tiny", "layers": 2, "width": 8, "heads": 4, "ffnWidth": 32,
                          "parameters": 1000, "downloadBytes": 2000}]}]
            """;

    private static Catalogue read(String json) {
        return Catalogue.read(new StringReader(json));
    }

    @Test
    void whatFollowsFromOtherDimensionsMayBeLeftOut() {
        CatalogueEntry entry = read(VALID).find("tiny").orElseThrow();

        assertThat(entry)
                .isEqualTo(new CatalogueEntry(
                        "tiny",
                        "me/tiny",
                        "Tiny",
                        "opt",
                        new Geometry(2, 8, 4, 4, 2, 32, 100, 16, 8, Activation.GELU_TANH),
                        1000,
                        2000,
                        "MIT",
                        LicenceTerms.OPEN,
                        PromptStyle.DIALOGUE,
                        "",
                        ""));
    }

    @Test
    void keysOfSeriesAndModelAreJoined() {
        String series = VALID.replace("\"licence\"", "\"config\": {\"a\": 1, \"b\": null}, \"licence\"");
        assertThat(read(series).find("tiny").orElseThrow().config()).isEqualTo("{\"a\":1,\"b\":null}");
        String both = series.replace("\"layers\"", "\"config\": {\"a\": 2}, \"layers\"");
        assertThat(read(both).find("tiny").orElseThrow().config()).isEqualTo("{\"a\":2,\"b\":null}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"layers\": 2, |  | layers is missing",
                "\"layers\": 2 | \"layers\": 0 | layers must be a whole number from 1 to 16777216",
                "\"layers\": 2 | \"layers\": 2.5 | layers must be a whole number from 1 to 16777216",
                "\"layers\": 2 | \"layers\": 1e99 | layers must be a whole number from 1 to 16777216",
                "\"layers\": 2 | \"layers\": \"2\" | layers must be a whole number from 1 to 16777216",
                "\"layers\": 2 | \"layers\": [2] | layers is no plain value",
                "\"layers\": 2 | \"layers\": 2, \"depth\": 2 | depth is unknown",
                "\"layers\": 2 | \"layers\": 2, \"config\": 2 | config is no object",
                "\"heads\": 4 | \"heads\": 3 | heads does not divide width",
                "\"heads\": 4 | \"heads\": 4, \"kvHeads\": 3 | kvHeads does not divide heads",
                "\"MIT\" | 7 | licence must be text",
                "\"open\" | \"free\" | terms is \"free\"",
                "\"terms\": \"open\", |  | terms is missing",
                "\"MIT\" | \" \" | licence must be text",
                "\"dialogue\" | \"chatty\" | promptStyle is \"chatty\"",
                "2000 | 1999 | downloadBytes is less than two bytes per parameter",
            })
    void aWrongEntryIsNamedWithItsKey(String found, String replacement, String problem) {
        String json = VALID.replace(found, replacement == null ? "" : replacement);

        assertThatThrownBy(() -> read(json))
                .isInstanceOf(ConfigException.class)
                .hasMessage("catalogue.json, model tiny: " + problem + ".");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{}", "[1]", "[{}]", "[{\"models\": 1}]", "[{\"models\": [1]}]"})
    void somethingElseIsRefused(String json) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(ConfigException.class)
                .hasMessage("catalogue.json is not an array of series with an array of models each.");
    }

    @Test
    void twoModelsOfOneNameAreRefused() {
        String entry = VALID.strip().substring(1, VALID.strip().length() - 1);

        assertThatThrownBy(() -> read("[" + entry + "," + entry.replace("me/", "you/") + "]"))
                .isInstanceOf(ConfigException.class)
                .hasMessage("catalogue.json has two entries called tiny.");
    }
}
