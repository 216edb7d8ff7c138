package dev.flexgen.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;

/** What a member of a tokenizer's component may be. */
@FunctionalInterface
interface FieldRule {

    FieldRule BOOLEAN = value -> {
        if (!(value instanceof JsonPrimitive flag && flag.isBoolean())) {
            throw new IllegalArgumentException("must be true or false");
        }
    };

    /** One character, such as the one that stands for a space. */
    FieldRule CHARACTER = value -> {
        String text = text(value);
        if (text.codePointCount(0, text.length()) != 1) {
            throw new IllegalArgumentException("must be one character");
        }
    };

    /** A short text, perhaps empty. */
    FieldRule TEXT = FieldRule::text;

    /** A fixed text that is looked for. */
    FieldRule FIXED_PATTERN = value -> {
        if (!(value instanceof JsonObject pattern && pattern.size() == 1 && pattern.has("String"))
                || text(pattern.get("String")).isEmpty()) {
            throw new IllegalArgumentException("must be {\"String\": a text}");
        }
    };

    /** One character that is looked for. */
    FieldRule CHARACTER_PATTERN = value -> {
        FIXED_PATTERN.check(value);
        CHARACTER.check(value.getAsJsonObject().get("String"));
    };

    /** A fixed text, or a regular expression whose cost is bounded. */
    FieldRule PATTERN = value -> {
        if (value instanceof JsonObject pattern && pattern.size() == 1 && pattern.has("Regex")) {
            try {
                SplitPattern.check(text(pattern.get("Regex")));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "has a regular expression that is not let through (" + e.getMessage() + ")", e);
            }
        } else {
            FIXED_PATTERN.check(value);
        }
    };

    /**
     * Returns normally if the value is fine.
     *
     * @throws IllegalArgumentException with the reason, as the rest of a sentence about the member
     */
    void check(JsonElement value);

    static FieldRule oneOf(String... words) {
        return value -> {
            if (!List.of(words).contains(text(value))) {
                throw new IllegalArgumentException("must be one of " + String.join(", ", words));
            }
        };
    }

    static FieldRule number(int least, int most) {
        return value -> {
            if (!(value instanceof JsonPrimitive number
                    && number.isNumber()
                    && number.getAsDouble() >= least
                    && number.getAsDouble() <= most
                    && number.getAsDouble() == Math.rint(number.getAsDouble()))) {
                throw new IllegalArgumentException("must be a whole number from " + least + " to " + most);
            }
        };
    }

    private static String text(JsonElement value) {
        if (!(value instanceof JsonPrimitive text && text.isString())
                || text.getAsString().length() > 2000) {
            throw new IllegalArgumentException("must be a short text");
        }
        return text.getAsString();
    }
}
