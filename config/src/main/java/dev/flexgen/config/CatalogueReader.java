package dev.flexgen.config;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.Reader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the catalogue: an array of series, each an object with what its models have in common and an array
 * {@code models}; a model may override what its series says.
 */
final class CatalogueReader {

    private static final Set<String> KEYS = Set.of(
            "name",
            "hubId",
            "series",
            "family",
            "layers",
            "width",
            "heads",
            "kvHeads",
            "headDim",
            "ffnWidth",
            "vocabSize",
            "positions",
            "embeddingWidth",
            "activation",
            "parameters",
            "downloadBytes",
            "licence",
            "terms",
            "promptStyle",
            "config",
            "notDownloadable",
            "models");

    private final String source;

    /** @param source what messages call the catalogue */
    CatalogueReader(String source) {
        this.source = source;
    }

    /** @throws ConfigException naming the entry and key that is missing, unknown or wrong */
    List<CatalogueEntry> read(Reader json) {
        JsonReader reader = new JsonReader(json);
        reader.setStrictness(Strictness.STRICT);
        List<CatalogueEntry> entries = new ArrayList<>();
        try {
            for (JsonElement element : JsonParser.parseReader(reader).getAsJsonArray()) {
                JsonObject series = element.getAsJsonObject();
                for (JsonElement model : series.getAsJsonArray("models")) {
                    entries.add(new Row(series, model.getAsJsonObject()).entry());
                }
            }
        } catch (JsonParseException | IllegalStateException | ClassCastException | NullPointerException e) {
            // Gson's answers to bad JSON, to a thing where another was expected, and to an absent "models".
            throw new ConfigException(source + " is not an array of series with an array of models each.", e);
        }
        return entries;
    }

    /** One model over the defaults of its series. */
    private final class Row {

        private final JsonObject series;
        private final JsonObject model;

        Row(JsonObject series, JsonObject model) {
            this.series = series;
            this.model = model;
        }

        CatalogueEntry entry() {
            for (JsonObject object : List.of(series, model)) {
                for (String key : object.keySet()) {
                    if (!KEYS.contains(key)) {
                        throw wrong(key, "is unknown");
                    }
                }
            }
            long parameters = number("parameters", Long.MAX_VALUE / 2);
            long downloadBytes = number("downloadBytes", Long.MAX_VALUE);
            if (downloadBytes < 2 * parameters) {
                throw wrong("downloadBytes", "is less than two bytes per parameter");
            }
            return new CatalogueEntry(
                    text("name"),
                    text("hubId"),
                    text("series"),
                    text("family"),
                    geometry(),
                    parameters,
                    downloadBytes,
                    text("licence"),
                    choice("terms", LicenceTerms.class),
                    choice("promptStyle", PromptStyle.class),
                    config(),
                    find("notDownloadable") == null ? "" : text("notDownloadable"));
        }

        /** Keys of the series and of the model together. */
        private String config() {
            JsonObject all = new JsonObject();
            for (JsonObject object : List.of(series, model)) {
                JsonElement keys = object.get("config");
                if (keys != null && !keys.isJsonObject()) {
                    throw wrong("config", "is no object");
                }
                if (keys != null) {
                    keys.getAsJsonObject().asMap().forEach(all::add);
                }
            }
            return all.isEmpty() ? "" : all.toString();
        }

        private Geometry geometry() {
            int width = dimension("width");
            int heads = dimension("heads");
            int kvHeads = dimension("kvHeads", heads);
            if (heads % kvHeads != 0) {
                throw wrong("kvHeads", "does not divide heads");
            }
            if (find("headDim") == null && width % heads != 0) {
                throw wrong("heads", "does not divide width");
            }
            return new Geometry(
                    dimension("layers"),
                    width,
                    heads,
                    kvHeads,
                    dimension("headDim", width / heads),
                    dimension("ffnWidth"),
                    dimension("vocabSize"),
                    dimension("positions"),
                    dimension("embeddingWidth", width),
                    choice("activation", Activation.class));
        }

        private int dimension(String key, int otherwise) {
            return find(key) == null ? otherwise : dimension(key);
        }

        private int dimension(String key) {
            return Math.toIntExact(number(key, 1 << 24));
        }

        private long number(String key, long most) {
            JsonPrimitive value = required(key);
            try {
                long number = value.isNumber() ? value.getAsBigDecimal().longValueExact() : 0;
                if (number >= 1 && number <= most) {
                    return number;
                }
            } catch (ArithmeticException | NumberFormatException e) {
                // A fraction, or more digits than a long has: told apart from other wrong values by nobody.
            }
            throw wrong(key, "must be a whole number from 1 to " + most);
        }

        private String text(String key) {
            JsonPrimitive value = required(key);
            if (!value.isString() || value.getAsString().isBlank()) {
                throw wrong(key, "must be text");
            }
            return value.getAsString();
        }

        private <E extends Enum<E>> E choice(String key, Class<E> type) {
            String word = text(key);
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> ValueType.word(constant).equals(word))
                    .findFirst()
                    .orElseThrow(() -> wrong(key, "is " + Quoted.of(word)));
        }

        private JsonPrimitive required(String key) {
            if (find(key) instanceof JsonPrimitive value) {
                return value;
            }
            throw wrong(key, find(key) == null ? "is missing" : "is no plain value");
        }

        private @Nullable JsonElement find(String key) {
            return model.has(key) ? model.get(key) : series.get(key);
        }

        private ConfigException wrong(String key, String problem) {
            String name = find("name") instanceof JsonPrimitive value ? value.getAsString() : "without a name";
            return new ConfigException(source + ", model " + name + ": " + key + " " + problem + ".");
        }
    }
}
