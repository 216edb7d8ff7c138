package dev.flexgen.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import dev.flexgen.config.Quoted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The added tokens of a tokenizer, which must fit each other and the vocabulary. */
final class AddedTokens {

    /** Galactica's descendants have 24,000; the library compares each with each. */
    private static final int MOST = 1 << 15;

    private AddedTokens() {}

    /**
     * Reads the value of {@code added_tokens}.
     *
     * @throws IllegalArgumentException with the reason, as half a sentence
     */
    static List<AddedToken> of(JsonElement element) {
        if (element.isJsonNull()) {
            return List.of();
        }
        if (!(element instanceof JsonArray array) || array.size() > MOST) {
            throw new IllegalArgumentException("its added_tokens are not a list of at most " + MOST + " tokens");
        }
        List<AddedToken> tokens = new ArrayList<>();
        for (JsonElement token : array) {
            tokens.add(AddedToken.of(token));
        }
        return List.copyOf(tokens);
    }

    /**
     * Returns the tokens, none of which contradicts another one or the vocabulary.
     *
     * @throws IllegalArgumentException with the reason, as half a sentence, if one does
     */
    static List<AddedToken> fitting(Map<String, Integer> vocabulary, List<AddedToken> tokens) {
        Map<Integer, String> contents = new HashMap<>();
        Map<String, Integer> ids = new HashMap<>();
        for (AddedToken token : tokens) {
            String before = contents.put(token.id(), token.content());
            if (before != null) {
                throw new IllegalArgumentException("it gives the id " + token.id() + " to the added tokens "
                        + Quoted.of(before) + " and " + Quoted.of(token.content()));
            }
            Integer id = vocabulary.get(token.content());
            Integer added = ids.put(token.content(), token.id());
            Integer other = id != null && id != token.id() ? id : added;
            if (other != null) {
                throw new IllegalArgumentException("it gives the token " + Quoted.of(token.content()) + " the ids "
                        + other + " and " + token.id());
            }
        }
        for (Map.Entry<String, Integer> entry : vocabulary.entrySet()) {
            String added = contents.get(entry.getValue());
            if (added != null && !added.equals(entry.getKey())) {
                throw new IllegalArgumentException("it gives the id " + entry.getValue() + " to "
                        + Quoted.of(entry.getKey()) + " and to the added token " + Quoted.of(added));
            }
        }
        return tokens;
    }
}
