package dev.flexgen.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a byte-pair model treats what it has no token for.
 *
 * @param unknownToken stands for such characters; null drops them
 * @param fuseUnknown whether one stands for a run of them
 * @param byteFallback whether their bytes are written as {@code <0x0A>}
 * @param ignoreMerges whether a word that is a token needs no merges
 */
record BpeSettings(@Nullable String unknownToken, boolean fuseUnknown, boolean byteFallback, boolean ignoreMerges) {

    static final BpeSettings PLAIN = new BpeSettings(null, false, false, false);

    private static final List<String> AFFIXES = List.of("continuing_subword_prefix", "end_of_word_suffix");

    /** The members of {@code model} that {@link #of} looks at. */
    static final Set<String> MEMBERS = Set.of(
            "continuing_subword_prefix",
            "end_of_word_suffix",
            "dropout",
            "unk_token",
            "fuse_unk",
            "byte_fallback",
            "ignore_merges");

    /**
     * Reads the members of {@code model} beside its vocabulary and merges.
     *
     * @throws IllegalArgumentException with the reason, as half a sentence
     */
    static BpeSettings of(Map<String, JsonElement> members) {
        for (String affix : AFFIXES) {
            if (!text(members, affix).isEmpty()) {
                throw new IllegalArgumentException("its model has a " + affix + ", which is not supported");
            }
        }
        JsonElement dropout = members.getOrDefault("dropout", JsonNull.INSTANCE);
        if (!dropout.isJsonNull()
                && !(dropout instanceof JsonPrimitive share && share.isNumber() && share.getAsDouble() == 0)) {
            throw new IllegalArgumentException("its model has a dropout, which makes its ids random");
        }
        String unknown = text(members, "unk_token");
        return new BpeSettings(
                unknown.isEmpty() ? null : unknown,
                flag(members, "fuse_unk"),
                flag(members, "byte_fallback"),
                flag(members, "ignore_merges"));
    }

    /** @param known whether the unknown token is in the vocabulary, without which the library fails */
    JsonObject toJson(boolean known) {
        JsonObject model = new JsonObject();
        model.addProperty("type", "BPE");
        model.add("dropout", JsonNull.INSTANCE);
        model.addProperty("unk_token", known ? unknownToken : null);
        model.add("continuing_subword_prefix", JsonNull.INSTANCE);
        model.add("end_of_word_suffix", JsonNull.INSTANCE);
        model.addProperty("fuse_unk", fuseUnknown);
        model.addProperty("byte_fallback", byteFallback);
        model.addProperty("ignore_merges", ignoreMerges);
        return model;
    }

    private static String text(Map<String, JsonElement> members, String key) {
        JsonElement value = members.getOrDefault(key, JsonNull.INSTANCE);
        if (value.isJsonNull()) {
            return "";
        }
        if (value instanceof JsonPrimitive text && text.isString()) {
            return text.getAsString();
        }
        throw new IllegalArgumentException("its model has a " + key + " that is no text");
    }

    private static boolean flag(Map<String, JsonElement> members, String key) {
        JsonElement value = members.getOrDefault(key, JsonNull.INSTANCE);
        if (value.isJsonNull()) {
            return false;
        }
        if (value instanceof JsonPrimitive flag && flag.isBoolean()) {
            return flag.getAsBoolean();
        }
        throw new IllegalArgumentException("its model has a " + key + " that is neither true nor false");
    }
}
