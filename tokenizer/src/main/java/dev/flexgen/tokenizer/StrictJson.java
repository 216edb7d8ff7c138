package dev.flexgen.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import dev.flexgen.config.Quoted;
import java.io.IOException;
import java.io.StringReader;

/**
 * Reads a small JSON value without any kindness: no syntax beyond the standard, no key twice, no deep nesting, no half
 * characters. What two readers could understand in two ways is refused here, before one of them is the native library.
 */
final class StrictJson {

    /** Real tokenizers nest six levels deep. */
    private static final int DEEPEST = 16;

    private StrictJson() {}

    /**
     * Parses one value.
     *
     * @throws IllegalArgumentException with the reason, as half a sentence
     */
    static JsonElement parse(String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(DEEPEST);
            JsonElement value = value(reader);
            return switch (reader.peek()) {
                case END_DOCUMENT -> value;
                default -> throw new IllegalArgumentException("text follows the value");
            };
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new IllegalArgumentException("it is not valid JSON", e);
        }
    }

    private static JsonElement value(JsonReader reader) throws IOException {
        return switch (reader.peek()) {
            case BEGIN_OBJECT -> object(reader);
            case BEGIN_ARRAY -> array(reader);
            case STRING -> new JsonPrimitive(text(reader.nextString()));
            case NUMBER -> number(reader.nextString());
            case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
            case NULL -> {
                reader.nextNull();
                yield JsonNull.INSTANCE;
            }
            case END_ARRAY, END_OBJECT, NAME, END_DOCUMENT -> throw new IllegalStateException("no value");
        };
    }

    private static JsonObject object(JsonReader reader) throws IOException {
        JsonObject object = new JsonObject();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = text(reader.nextName());
            if (object.has(name)) {
                throw new IllegalArgumentException("the key " + Quoted.of(name) + " stands there twice");
            }
            object.add(name, value(reader));
        }
        reader.endObject();
        return object;
    }

    private static JsonArray array(JsonReader reader) throws IOException {
        JsonArray array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
            array.add(value(reader));
        }
        reader.endArray();
        return array;
    }

    private static JsonPrimitive number(String digits) {
        boolean whole = digits.length() < 18 && digits.chars().allMatch(sign -> sign == '-' || Character.isDigit(sign));
        return whole ? new JsonPrimitive(Long.valueOf(digits)) : new JsonPrimitive(Double.valueOf(digits));
    }

    private static String text(String text) {
        if (Texts.hasHalfCharacter(text)) {
            throw new IllegalArgumentException("it holds half a character (a lone surrogate)");
        }
        return text;
    }
}
