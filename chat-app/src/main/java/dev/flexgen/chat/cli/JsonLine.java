package dev.flexgen.chat.cli;

import com.google.gson.JsonElement;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One JSON object on one line, written key by key; numbers that JSON cannot express become {@code null}. */
final class JsonLine {

    private final StringWriter text = new StringWriter();
    private final JsonWriter json = new JsonWriter(text);

    /** Writes the members of an object. */
    @FunctionalInterface
    interface Members {
        void write(JsonLine line);
    }

    private interface Step {
        void run() throws IOException;
    }

    static String of(Members members) {
        var line = new JsonLine();
        line.object(members);
        return harmless(line.text.toString());
    }

    JsonLine put(String key, @Nullable String value) {
        return step(() -> json.name(key).value(value));
    }

    JsonLine put(String key, long value) {
        return step(() -> json.name(key).value(value));
    }

    JsonLine put(String key, double value) {
        return step(() -> {
            json.name(key);
            number(value);
        });
    }

    JsonLine put(String key, int[] values) {
        return step(() -> {
            json.name(key).beginArray();
            for (int value : values) {
                json.value(value);
            }
            json.endArray();
        });
    }

    JsonLine put(String key, double[] values) {
        return step(() -> {
            json.name(key).beginArray();
            for (double value : values) {
                number(value);
            }
            json.endArray();
        });
    }

    JsonLine put(String key, Members members) {
        step(() -> json.name(key));
        object(members);
        return this;
    }

    /** Nothing if there is none. */
    JsonLine putIf(String key, Optional<Members> members) {
        members.ifPresent(it -> put(key, it));
        return this;
    }

    /** Something that is JSON already. */
    JsonLine put(String key, JsonElement value) {
        return step(() -> json.name(key).jsonValue(value.toString()));
    }

    /**
     * What may not reach a terminal raw is only found in strings, where an escape says the same: control characters (C1
     * and DEL, which JSON allows), and those that change the direction of text or are not seen.
     */
    private static String harmless(String json) {
        if (json.codePoints().noneMatch(JsonLine::isHarmful)) {
            return json;
        }
        var escaped = new StringBuilder(json.length() + 16);
        json.codePoints().forEach(point -> {
            if (isHarmful(point)) {
                for (char unit : Character.toChars(point)) {
                    escaped.append(String.format("\\u%04x", (int) unit));
                }
            } else {
                escaped.appendCodePoint(point);
            }
        });
        return escaped.toString();
    }

    private static boolean isHarmful(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }

    private void object(Members members) {
        step(json::beginObject);
        members.write(this);
        step(json::endObject);
    }

    private void number(double value) throws IOException {
        if (Double.isFinite(value)) {
            json.value(value);
        } else {
            json.nullValue();
        }
    }

    private JsonLine step(Step step) {
        try {
            step.run();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException("a string in memory does not fail", e);
        }
    }
}
