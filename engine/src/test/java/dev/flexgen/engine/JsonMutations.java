package dev.flexgen.engine;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Damages JSON at random, the same way for the same seed: some of it stays JSON with other values, some does not. */
public final class JsonMutations {

    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "false",
            "0",
            "-1",
            "1",
            "3",
            "0.5",
            "1e308",
            "1e999",
            "2147483647",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "\"\"",
            "\"x\"",
            "\"..\"",
            "\"../../x\"",
            "\"a\\u0000b\"",
            "\"\\ud800\\u001b[2J\\u202e\"",
            "\"" + "y".repeat(300) + "\"",
            "[]",
            "{}",
            "[1, 2, 3]",
            "[[[[]]]]",
            "{\"a\": {\"b\": []}}",
            "[null]");

    private static final List<String> PIECES = List.of(
            "\u0000", "{", "}", "[", "]", "\"", ",", ":", "-", "e9", "NaN", "\\u", "\ufeff", "[".repeat(5000), "'");

    private final Random random;

    public JsonMutations(long seed) {
        random = new Random(seed);
    }

    /** Whatever comes of it. */
    public String damaged(String json) {
        return random.nextInt(3) == 0 ? cut(json) : other(json);
    }

    /** Still JSON, and an object if it was one. */
    public String other(String json) {
        JsonElement root = JsonParser.parseString(json);
        for (int left = 1 + random.nextInt(3); left > 0; left--) {
            List<JsonElement> containers = new ArrayList<>();
            collect(root, containers);
            change(containers.get(random.nextInt(containers.size())));
        }
        return root.toString();
    }

    private static void collect(JsonElement at, List<JsonElement> containers) {
        if (at instanceof JsonObject object) {
            containers.add(object);
            object.asMap().values().forEach(value -> collect(value, containers));
        } else if (at instanceof JsonArray array) {
            containers.add(array);
            array.forEach(value -> collect(value, containers));
        }
    }

    private void change(JsonElement container) {
        if (container instanceof JsonObject object && !object.isEmpty()) {
            List<String> keys = List.copyOf(object.keySet());
            String key = keys.get(random.nextInt(keys.size()));
            switch (random.nextInt(8)) {
                case 0 -> object.remove(key);
                case 1 -> object.add(key + "_x", object.remove(key));
                case 2 ->
                    object.add(
                            key,
                            object.get(keys.get(random.nextInt(keys.size()))).deepCopy());
                default -> object.add(key, value(object.get(key)));
            }
        } else if (container instanceof JsonArray array && !array.isEmpty()) {
            int at = random.nextInt(array.size());
            switch (random.nextInt(4)) {
                case 0 -> array.remove(at);
                case 1 -> array.add(array.get(at).deepCopy());
                default -> array.set(at, value(array.get(at)));
            }
        }
    }

    /** Often one that is near the old one: those get further. */
    private JsonElement value(JsonElement old) {
        if (random.nextBoolean() && old instanceof JsonPrimitive number && number.isNumber()) {
            long near = number.getAsLong();
            return new JsonPrimitive(
                    switch (random.nextInt(6)) {
                        case 0 -> near + 1;
                        case 1 -> near - 1;
                        case 2 -> near * 2;
                        case 3 -> near * 1_000_003;
                        case 4 -> near / 2;
                        default -> -near;
                    });
        }
        return JsonParser.parseString(VALUES.get(random.nextInt(VALUES.size())));
    }

    private String cut(String json) {
        StringBuilder text = new StringBuilder(json);
        int at = random.nextInt(text.length());
        int end = Math.min(text.length(), at + 1 + random.nextInt(8));
        switch (random.nextInt(4)) {
            case 0 -> text.setLength(at);
            case 1 -> text.delete(at, end);
            case 2 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
            default -> text.replace(at, end, PIECES.get(random.nextInt(PIECES.size())));
        }
        return text.toString();
    }
}
