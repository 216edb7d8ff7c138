package dev.flexgen.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * A tokenizer's description whose every part has been checked. The native library never sees the file: what it is given
 * is written anew from the parts; only the vocabulary and the merges, which are megabytes, are passed on as they stand.
 * Holds megabytes itself: read it, use it, drop it.
 *
 * @param where the file as error messages call it
 * @param vocabulary ids by token
 * @param vocabularyText the vocabulary's members as JSON
 * @param mergesText the merges as JSON
 * @param components what is absent has no entry
 */
record TokenizerJson(
        String where,
        Map<String, Integer> vocabulary,
        Slice vocabularyText,
        Slice mergesText,
        List<AddedToken> addedTokens,
        Map<Component, JsonElement> components,
        JsonElement postProcessor,
        BpeSettings settings) {

    /** A part of a text that is not copied. */
    record Slice(String text, int start, int end) {

        static Slice of(String text) {
            return new Slice(text, 0, text.length());
        }
    }

    OptionalInt idOf(String content) {
        for (AddedToken token : addedTokens) {
            if (token.content().equals(content)) {
                return OptionalInt.of(token.id());
            }
        }
        Integer id = vocabulary.get(content);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** Number of ids, those of added tokens outside the model's vocabulary included. */
    int size() {
        return vocabulary.size()
                + (int) addedTokens.stream()
                        .filter(token -> !vocabulary.containsKey(token.content()))
                        .count();
    }

    /** The special ids that the post-processor puts in front of a single text; none if it has no such template. */
    int[] templatePrefix() {
        int[] prefix;
        try {
            prefix = PostProcessor.prefix(postProcessor);
        } catch (RuntimeException e) {
            throw new TokenizerException(
                    where + " has a post_processor that cannot be understood: fetch the file again.", e);
        }
        for (int id : prefix) {
            if (!vocabulary.containsValue(id) && addedTokens.stream().noneMatch(token -> token.id() == id)) {
                throw new TokenizerException(where + " has a post_processor that begins every text with the id " + id
                        + ", which is no token: fetch the file again.");
            }
        }
        return prefix;
    }

    /** The text of the tokenizer as the file describes it. */
    String withSpecialTokens() {
        return text(_ -> true);
    }

    /** The text of the same tokenizer without its special tokens: there is then nothing to type that becomes one. */
    String withoutSpecialTokens() {
        return text(token -> !token.special());
    }

    /**
     * The library gives an added token outside the model's vocabulary the next free id, whatever the file says, so the
     * added tokens that stay are also written into the vocabulary, where their ids are honoured.
     */
    private String text(Predicate<AddedToken> wanted) {
        JsonArray kept = new JsonArray();
        StringBuilder entries = new StringBuilder();
        for (AddedToken token : addedTokens) {
            if (wanted.test(token)) {
                kept.add(token.toJson());
                if (!vocabulary.containsKey(token.content())) {
                    entries.append(new JsonPrimitive(token.content()))
                            .append(':')
                            .append(token.id())
                            .append(',');
                }
            }
        }
        String model = settings.toJson(
                        settings.unknownToken() != null && vocabulary.containsKey(settings.unknownToken()))
                .toString();
        String head = head(kept).toString();
        var text = new StringBuilder(
                head.length() + entries.length() + length(vocabularyText) + length(mergesText) + 1000);
        text.append(head, 0, head.length() - 1).append(",\"model\":");
        text.append(model, 0, model.length() - 1).append(",\"vocab\":{").append(entries);
        append(text, vocabularyText);
        text.append("},\"merges\":");
        append(text, mergesText);
        return text.append("}}").toString();
    }

    /** Everything but the model. Texts are neither cut off nor padded, and templates are applied by us. */
    private JsonObject head(JsonArray added) {
        JsonObject head = new JsonObject();
        head.addProperty("version", "1.0");
        head.add("truncation", JsonNull.INSTANCE);
        head.add("padding", JsonNull.INSTANCE);
        head.add("added_tokens", added);
        head.add("post_processor", JsonNull.INSTANCE);
        for (Component component : Component.values()) {
            head.add(component.key(), components.getOrDefault(component, JsonNull.INSTANCE));
        }
        return head;
    }

    private static int length(Slice slice) {
        return slice.end - slice.start;
    }

    private static void append(StringBuilder text, Slice slice) {
        text.append(slice.text, slice.start, slice.end);
    }
}
