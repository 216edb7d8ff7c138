package dev.flexgen.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.flexgen.config.Quoted;

/**
 * A token that is matched in the text before any splitting. A special one steers the model ({@code </s>}), any other
 * is text (CodeGen's runs of spaces).
 *
 * @param singleWord whether it is only found between other words
 * @param leftStrip whether it swallows white space before it
 * @param rightStrip whether it swallows white space behind it
 * @param normalized whether it is looked for after the text has been normalised
 */
record AddedToken(
        int id,
        String content,
        boolean singleWord,
        boolean leftStrip,
        boolean rightStrip,
        boolean normalized,
        boolean special) {

    private static final int LONGEST = 1000;

    static AddedToken plain(int id, String content, boolean special) {
        return new AddedToken(id, content, false, false, false, true, special);
    }

    /** @throws IllegalArgumentException with the reason, as half a sentence */
    static AddedToken of(JsonElement element) {
        if (!(element instanceof JsonObject token
                && token.get("content") instanceof JsonPrimitive content
                && content.isString()
                && token.get("id") instanceof JsonPrimitive id
                && id.isNumber())) {
            throw new IllegalArgumentException("it has an added token without id or content");
        }
        String text = content.getAsString();
        if (text.isEmpty() || text.length() > LONGEST) {
            throw new IllegalArgumentException(
                    "its added token " + id + " has a content that is empty or longer than " + LONGEST + " characters");
        }
        double number = id.getAsDouble();
        if (number != Math.rint(number) || number < 0 || number > JsonScanner.LARGEST_ID) {
            throw new IllegalArgumentException("its added token " + Quoted.of(text) + " has the id " + id
                    + ", which is not a whole number from 0 to " + JsonScanner.LARGEST_ID);
        }
        boolean special = flag(token, "special", false);
        return new AddedToken(
                (int) number,
                text,
                flag(token, "single_word", false),
                flag(token, "lstrip", false),
                flag(token, "rstrip", false),
                flag(token, "normalized", !special),
                special);
    }

    JsonObject toJson() {
        JsonObject token = new JsonObject();
        token.addProperty("id", id);
        token.addProperty("content", content);
        token.addProperty("single_word", singleWord);
        token.addProperty("lstrip", leftStrip);
        token.addProperty("rstrip", rightStrip);
        token.addProperty("normalized", normalized);
        token.addProperty("special", special);
        return token;
    }

    private static boolean flag(JsonObject token, String key, boolean otherwise) {
        JsonElement value = token.get(key);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof JsonPrimitive flag && flag.isBoolean()) {
            return flag.getAsBoolean();
        }
        throw new IllegalArgumentException("its added token "
                + Quoted.of(token.get("content").getAsString()) + " has a " + key + " that is neither true nor false");
    }
}
