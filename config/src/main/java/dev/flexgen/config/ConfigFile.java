package dev.flexgen.config;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Reads the settings file: one flat JSON object, nothing but known settings, each of the right form. */
final class ConfigFile {

    /** Far more than every setting with a long system text; keeps a wrong file from being read whole. */
    private static final long MOST_BYTES = 1 << 20;

    private final Path path;

    ConfigFile(Path path) {
        this.path = path;
    }

    /** @param text as {@link Setting#parse} takes it */
    record Value(String text, SettingSource source) {}

    /** What the file says; nothing if there is no file. */
    Map<Setting<?>, Value> read() {
        if (!Files.exists(path)) {
            return Map.of();
        }
        JsonReader reader = new JsonReader(new StringReader(content()));
        reader.setStrictness(Strictness.STRICT);
        try {
            return readObject(reader);
        } catch (IOException e) {
            throw invalid(e, e);
        }
    }

    /**
     * All that the file says, right or wrong.
     *
     * @throws ConfigException if it holds anything but one JSON object
     */
    JsonObject object() {
        JsonReader reader = new JsonReader(new StringReader(content()));
        reader.setStrictness(Strictness.STRICT);
        try {
            if (reader.peek() != JsonToken.BEGIN_OBJECT) {
                throw noObject(reader.peek());
            }
            JsonObject object = JsonParser.parseReader(reader).getAsJsonObject();
            var _ = reader.peek(); // complains about anything that follows
            return object;
        } catch (JsonParseException e) {
            throw invalid(e.getCause() instanceof IOException cause ? cause : new IOException(e), e);
        } catch (IOException e) {
            throw invalid(e, e);
        }
    }

    private ConfigException invalid(IOException where, Exception cause) {
        return new ConfigException(path + " is not valid JSON near " + JsonPosition.of(where) + ".", cause);
    }

    private ConfigException noObject(JsonToken form) {
        return new ConfigException(path
                + " must hold one JSON object such as {\"model\": \"opt-1.3b\"}, but starts with " + name(form) + ".");
    }

    private String content() {
        try {
            if (!Files.isRegularFile(path) || Files.size(path) > MOST_BYTES) {
                throw new ConfigException(path + " is not a settings file: expected a small JSON file.");
            }
            return Files.readString(path, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new ConfigException(path + " is not UTF-8 text: save it as UTF-8.", e);
        } catch (IOException e) {
            throw new ConfigException(path + " cannot be read: check its permissions (" + e + ").", e);
        }
    }

    private Map<Setting<?>, Value> readObject(JsonReader reader) throws IOException {
        if (reader.peek() != JsonToken.BEGIN_OBJECT) {
            throw noObject(reader.peek());
        }
        Map<Setting<?>, Value> values = new LinkedHashMap<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String key = reader.nextName();
            int line = JsonPosition.line(reader.toString());
            Setting<?> setting = SettingTable.find(key)
                    .filter(found -> found.name().equals(key))
                    .orElseThrow(() -> unknown(key, line));
            SettingSource source = new SettingSource.File(path, line);
            if (values.put(setting, new Value(text(reader, setting, source), source)) != null) {
                throw new ConfigException(source.describe() + " sets " + key + " a second time: keep one of the two.");
            }
        }
        reader.endObject();
        // A strict reader itself complains about anything that follows the object, but only when asked for it.
        return reader.peek() == JsonToken.END_DOCUMENT ? values : Map.of();
    }

    private static String text(JsonReader reader, Setting<?> setting, SettingSource source) throws IOException {
        JsonToken form = reader.peek();
        if (!setting.type().jsonForms().contains(form)) {
            throw new ConfigException(setting.name() + " must be " + setting.allowed() + ", but " + source.describe()
                    + " has " + name(form) + " there.");
        }
        return form == JsonToken.BOOLEAN ? Boolean.toString(reader.nextBoolean()) : reader.nextString();
    }

    private ConfigException unknown(String key, int line) {
        return new ConfigException(path + " (line " + line + ") sets " + Quoted.of(key) + ", which is not a setting"
                + NearestName.question(key, SettingTable.names()));
    }

    private static String name(JsonToken form) {
        return switch (form) {
            case BEGIN_ARRAY -> "a JSON array";
            case BEGIN_OBJECT -> "a JSON object";
            case NULL -> "null";
            case STRING, NUMBER, BOOLEAN -> "a JSON " + form.name().toLowerCase(Locale.ROOT);
            case END_ARRAY, END_OBJECT, NAME, END_DOCUMENT -> "nothing";
        };
    }
}
