package dev.flexgen.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import dev.flexgen.config.Quoted;
import dev.flexgen.tokenizer.TokenizerJson.Slice;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@code tokenizer.json} and refuses whatever our use of it does not cover, see {@link Component},
 * {@link SplitPattern} and {@link BpeSettings}. What cannot matter (version, truncation, padding, unknown members) is
 * passed over and goes no further.
 */
final class TokenizerJsonReader {

    private static final String ADDED_TOKENS = "added_tokens";
    private static final String POST_PROCESSOR = "post_processor";
    private static final String MODEL = "model";

    /** Small members are a few thousand characters; added tokens a few megabytes. */
    private static final int LARGEST_MEMBER = 1 << 20;

    private static final int LARGEST_ADDED_TOKENS = 1 << 24;

    /** A merge makes one token, so there are as many as tokens of several characters, and a few more or less. */
    private static final double FEWEST_MERGES = 0.9;

    private final String text;
    private final String where;
    private final JsonScanner scanner;
    private final Set<String> seen = new HashSet<>();
    private final Map<String, Integer> vocabulary = new HashMap<>(1 << 17);
    private final Map<String, JsonElement> settings = new HashMap<>();
    private final Map<Component, JsonElement> components = new EnumMap<>(Component.class);
    private List<AddedToken> addedTokens = List.of();
    private JsonElement postProcessor = JsonNull.INSTANCE;
    private Slice vocabularyText = Slice.of("");
    private Slice mergesText = Slice.of("[]");
    private int merges;

    private TokenizerJsonReader(String text, String where) {
        this.text = text;
        this.where = where;
        this.scanner = new JsonScanner(text, where);
    }

    /** @param where the file as error messages call it */
    static TokenizerJson read(String text, String where) {
        return new TokenizerJsonReader(text, where).read();
    }

    private TokenizerJson read() {
        scanner.members(this::member);
        scanner.end();
        if (vocabulary.isEmpty()) {
            throw new TokenizerException(where + " has no vocabulary (model.vocab): fetch the file again.");
        }
        BpeSettings bpe = checked(() -> BpeSettings.of(settings));
        TokenizerJson json = new TokenizerJson(
                where, vocabulary, vocabularyText, mergesText, addedTokens, components, postProcessor, bpe);
        check(json);
        return json;
    }

    private void member(String key) {
        refuseSecond(key);
        if (key.equals(MODEL)) {
            scanner.members(this::modelMember);
        } else if (key.equals(ADDED_TOKENS)) {
            JsonElement tokens = small(key, LARGEST_ADDED_TOKENS);
            addedTokens = checked(() -> AddedTokens.of(tokens));
        } else if (key.equals(POST_PROCESSOR)) {
            postProcessor = small(key, LARGEST_MEMBER);
        } else {
            component(key);
        }
    }

    private void component(String key) {
        for (Component component : Component.values()) {
            if (component.key().equals(key)) {
                JsonElement element = small(key, LARGEST_MEMBER);
                components.put(component, checked(() -> component.check(element)));
                return;
            }
        }
        scanner.value();
    }

    private void modelMember(String key) {
        refuseSecond(MODEL + "." + key);
        switch (key) {
            case "type" -> checkType(scanner.string());
            case "vocab" -> {
                int start = scanner.position() + 1;
                scanner.vocabulary(vocabulary);
                vocabularyText = new Slice(text, start, scanner.position() - 1);
            }
            case "merges" -> {
                int start = scanner.position();
                merges = scanner.items();
                mergesText = new Slice(text, start, scanner.position());
            }
            default -> {
                if (BpeSettings.MEMBERS.contains(key)) {
                    settings.put(key, small(MODEL + "." + key, LARGEST_MEMBER));
                } else {
                    scanner.value();
                }
            }
        }
    }

    private void checkType(String type) {
        if (!type.equals("BPE")) {
            throw new TokenizerException(where + " is a tokenizer of type " + Quoted.of(type)
                    + ", which is not supported: use a model with a BPE tokenizer.");
        }
    }

    private void check(TokenizerJson json) {
        checked(() -> AddedTokens.fitting(vocabulary, addedTokens));
        String unknown = json.settings().unknownToken();
        if (unknown != null && json.idOf(unknown).isEmpty()) {
            throw bad("its unk_token " + Quoted.of(unknown) + " is not in the vocabulary");
        }
        int mergedTokens = mergedTokens();
        if (merges < FEWEST_MERGES * mergedTokens) {
            throw bad("it has " + merges + " merges for " + mergedTokens
                    + " tokens of several characters, so some are missing");
        }
        JsonElement pre = components.getOrDefault(Component.PRE_TOKENIZER, JsonNull.INSTANCE);
        if (Component.PRE_TOKENIZER.uses(pre, "ByteLevel")) {
            ByteAlphabet.missing(vocabulary).ifPresent(sign -> {
                throw bad("its vocabulary has no " + Quoted.of(sign) + ", so text would be lost");
            });
        }
    }

    /** Tokens that there must be a merge for. */
    private int mergedTokens() {
        Set<String> added = new HashSet<>();
        for (AddedToken token : addedTokens) {
            added.add(token.content());
        }
        int tokens = 0;
        for (String token : vocabulary.keySet()) {
            boolean character = token.length() == 1 || (token.length() == 2 && token.codePointCount(0, 2) == 1);
            if (!character && !MergeList.isMark(token) && !added.contains(token)) {
                tokens++;
            }
        }
        return tokens;
    }

    private void refuseSecond(String key) {
        if (!seen.add(key)) {
            throw bad("the key " + Quoted.of(key) + " stands there twice");
        }
    }

    private JsonElement small(String key, int most) {
        int start = scanner.position();
        String value = scanner.value();
        if (value.length() > most) {
            throw bad("its " + key + " has more than " + most + " characters");
        }
        try {
            return StrictJson.parse(value);
        } catch (IllegalArgumentException e) {
            throw new TokenizerException(
                    where + " cannot be used (in its " + key + ", from character " + start + ": " + e.getMessage()
                            + "): fetch the file again.",
                    e);
        }
    }

    private <T> T checked(Supplier<T> part) {
        try {
            return part.get();
        } catch (IllegalArgumentException e) {
            throw bad(e.getMessage());
        }
    }

    private TokenizerException bad(@Nullable String reason) {
        return new TokenizerException(where + " cannot be used: " + reason
                + ". Fetch the model's tokenizer files again, or use another model.");
    }
}
