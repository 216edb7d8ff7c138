package dev.flexgen.engine.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.flexgen.config.JsonPosition;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A model's {@code config.json} with typed, bounded access. Keys that nobody asks for are ignored, as transformers does;
 * {@code null} counts as absent. Every complaint names file and key.
 */
public final class ConfigJson {

    static final String FILE = "config.json";

    /** Far above any published size, and low enough that products of two sizes stay exact. */
    private static final int MAX_SIZE = 1 << 24;

    private static final int MAX_SHOWN = 80;

    private static final long MAX_FILE_BYTES = 16L << 20;

    private final Path file;
    private final JsonObject values;

    private ConfigJson(Path file, JsonObject values) {
        this.file = file;
        this.values = values;
    }

    /** One that is in no file. */
    static ConfigJson of(String source, JsonObject values) {
        return new ConfigJson(Path.of(source), values);
    }

    /**
     * Reads {@code folder/config.json}.
     *
     * @throws EngineException if it is missing, unreadable or not a JSON object
     */
    public static ConfigJson read(Path folder) {
        return read(folder, FILE);
    }

    /** Another file of the same kind. */
    static ConfigJson read(Path folder, String name) {
        Path file = folder.resolve(name);
        String text = text(folder, file);
        if (text.isBlank()) {
            throw EngineException.model(file + " is empty; fetch the model again");
        }
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement root = JsonParser.parseReader(reader);
            if (!root.isJsonObject() || reader.peek() != JsonToken.END_DOCUMENT) {
                throw EngineException.model(file + " does not hold one JSON object; fetch the model again");
            }
            return new ConfigJson(file, root.getAsJsonObject());
        } catch (JsonParseException | IOException | StackOverflowError e) {
            throw EngineException.model(
                    file + " is not valid JSON near " + JsonPosition.of(e) + "; fetch the model again", e);
        }
    }

    private static String text(Path folder, Path file) {
        if (!Files.isDirectory(folder)) {
            throw EngineException.model("There is no model folder " + folder + "; check the path");
        }
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw EngineException.model(file + " is larger than any model configuration; fetch the model again");
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw EngineException.model(
                    folder
                            + " has no config.json, so it is not a model folder; check the path or fetch the model again",
                    e);
        } catch (MalformedInputException e) {
            throw EngineException.model(file + " is not UTF-8 text; fetch the model again", e);
        } catch (IOException e) {
            throw EngineException.model("Cannot read " + file + " (" + firstLine(e) + "); check its permissions", e);
        }
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    /** A size of at least 1. */
    public int size(String key, int absent) {
        JsonElement value = find(key);
        return value == null ? absent : integer(key, value, 1, MAX_SIZE);
    }

    /** The first of several spellings that is there. */
    int size(int absent, String... keys) {
        for (String key : keys) {
            if (find(key) != null) {
                return size(key, absent);
            }
        }
        return absent;
    }

    /** Whether the key is there, {@code null} included. */
    boolean has(String key) {
        return values.has(key);
    }

    /** A finite number. */
    double number(String key, double absent) {
        JsonElement value = find(key);
        if (value == null) {
            return absent;
        }
        if (value instanceof JsonPrimitive primitive
                && primitive.isNumber()
                && Double.isFinite(primitive.getAsDouble())) {
            return primitive.getAsDouble();
        }
        throw invalid(key, "is " + shown(value) + ", not a number");
    }

    /** The whole numbers of a list. */
    Set<Integer> sizes(String key) {
        JsonElement value = find(key);
        Set<Integer> numbers = new TreeSet<>();
        if (value instanceof JsonArray list) {
            list.forEach(number -> numbers.add(integer(key, number, 0, MAX_SIZE)));
        } else if (value != null) {
            throw invalid(key, "is " + shown(value) + ", not a list");
        }
        return numbers;
    }

    public boolean flag(String key, boolean absent) {
        JsonElement value = find(key);
        if (value == null) {
            return absent;
        }
        if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw invalid(key, "is " + shown(value) + ", not true or false");
    }

    public String text(String key, String absent) {
        JsonElement value = find(key);
        if (value == null) {
            return absent;
        }
        if (value instanceof JsonPrimitive primitive && primitive.isString()) {
            return primitive.getAsString();
        }
        throw invalid(key, "is " + shown(value) + ", not a text");
    }

    /** A section of its own, unchecked; any other value counts as absent. */
    Optional<JsonObject> object(String key) {
        return find(key) instanceof JsonObject object ? Optional.of(object) : Optional.empty();
    }

    /** A section as a config of its own; anything else than an object is refused. */
    Optional<ConfigJson> section(String key) {
        JsonElement value = find(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof JsonObject object) {
            return Optional.of(new ConfigJson(file, object));
        }
        throw invalid(key, "is " + shown(value) + ", not an object");
    }

    /** A token id; an explicit {@code null} means none. */
    public OptionalInt token(String key, int absent) {
        JsonElement value = find(key);
        if (value != null) {
            return OptionalInt.of(integer(key, value, 0, MAX_SIZE));
        }
        return values.has(key) ? OptionalInt.empty() : OptionalInt.of(absent);
    }

    /** One token id or a list of them; an explicit {@code null} means none. */
    public Set<Integer> tokens(String key, int absent) {
        return tokens(key, List.of(absent));
    }

    /** The same where several are usual. */
    Set<Integer> tokens(String key, List<Integer> absent) {
        if (!values.has(key)) {
            return new TreeSet<>(absent);
        }
        Set<Integer> ids = new TreeSet<>();
        if (find(key) instanceof JsonArray list) {
            list.forEach(id -> ids.add(integer(key, id, 0, MAX_SIZE)));
        } else {
            token(key, 0).ifPresent(ids::add);
        }
        return ids;
    }

    /** The failure to throw when {@code key}'s value cannot be used: "key ... in file". */
    public EngineException invalid(String key, String what) {
        return EngineException.model(file + ": " + key + " " + what + "; this is not a model that can be run");
    }

    /** The failure to throw when a key is understood and cannot be served; {@code what} ends with what to do. */
    EngineException refused(String key, String what) {
        return EngineException.model(file + ": " + key + " " + what);
    }

    private int integer(String key, JsonElement value, int min, int max) {
        if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
            double number = primitive.getAsDouble();
            if (number == Math.rint(number) && number >= min && number <= max) {
                return (int) number;
            }
        }
        throw invalid(key, "is " + shown(value) + ", not a whole number from " + min + " to " + max);
    }

    /** A wrong value may be of any length. */
    private static String shown(JsonElement value) {
        String text = value.toString();
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    }

    private @Nullable JsonElement find(String key) {
        JsonElement value = values.get(key);
        return value == null || value.isJsonNull() ? null : value;
    }
}
