package dev.flexgen.tokenizer;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.flexgen.config.JsonPosition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * The text of a {@code tokenizer.json} with the few facts about it that we need: the vocabulary, the added tokens, what
 * its template prepends. Holds megabytes: read it, use it, drop it.
 */
final class TokenizerJson {

    private final String text;
    private final String where;
    private final Map<String, Integer> vocabulary;
    private JsonArray addedTokens = new JsonArray();
    private JsonElement postProcessor = new JsonObject();
    private int addedTokensStart = -1;
    private int addedTokensEnd = -1;
    private int vocabularyBody = -1;

    private TokenizerJson(String text, String where, Map<String, Integer> vocabulary) {
        this.text = text;
        this.where = where;
        this.vocabulary = vocabulary;
    }

    /** @param where the file as error messages call it */
    static TokenizerJson parse(String text, String where) {
        TokenizerJson json = new TokenizerJson(text, where, new HashMap<>(1 << 17));
        json.scan(new JsonScanner(text, where));
        if (json.vocabulary.isEmpty()) {
            throw new TokenizerException(where + " has no vocabulary (model.vocab): fetch the file again.");
        }
        return json;
    }

    /**
     * A document whose vocabulary has been read already and need not be read again.
     *
     * @param head the document up to the vocabulary's first entry, the added tokens before it
     */
    static TokenizerJson of(String head, String rest, String where, Map<String, Integer> vocabulary) {
        TokenizerJson json = new TokenizerJson(head + rest, where, vocabulary);
        JsonScanner scanner = new JsonScanner(head, where);
        scanner.expect('{');
        while (!scanner.key().equals("added_tokens")) {
            scanner.value();
            scanner.expect(',');
        }
        json.scanAddedTokens(scanner);
        json.vocabularyBody = head.length();
        return json;
    }

    String where() {
        return where;
    }

    List<AddedToken> addedTokens() {
        List<AddedToken> tokens = new ArrayList<>();
        for (JsonElement element : addedTokens) {
            tokens.add(addedToken(element));
        }
        return tokens;
    }

    OptionalInt idOf(String content) {
        for (AddedToken token : addedTokens()) {
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
                + (int) addedTokens().stream()
                        .filter(token -> !vocabulary.containsKey(token.content()))
                        .count();
    }

    /** The special ids that the post-processor puts in front of a single text; none if it has no such template. */
    int[] templatePrefix() {
        try {
            return PostProcessor.prefix(postProcessor);
        } catch (RuntimeException e) {
            throw new TokenizerException(
                    where + " has a post_processor that cannot be understood: fetch the file again.", e);
        }
    }

    /** The text of the tokenizer as the file describes it. */
    String withSpecialTokens() {
        return keeping(token -> true);
    }

    /** The text of the same tokenizer without its special tokens: there is then nothing to type that becomes one. */
    String withoutSpecialTokens() {
        return keeping(token -> !token.special());
    }

    /**
     * The library gives an added token outside the model's vocabulary the next free id, whatever the file says, so the
     * added tokens that stay are also written into the vocabulary, where their ids are honoured.
     */
    private String keeping(Predicate<AddedToken> wanted) {
        JsonArray kept = new JsonArray();
        StringBuilder entries = new StringBuilder();
        for (JsonElement element : addedTokens) {
            AddedToken token = addedToken(element);
            if (wanted.test(token)) {
                kept.add(element);
                if (!vocabulary.containsKey(token.content())) {
                    entries.append(new Gson().toJson(token.content()))
                            .append(':')
                            .append(token.id())
                            .append(',');
                }
            }
        }
        if (kept.size() == addedTokens.size() && entries.isEmpty()) {
            return text;
        }
        StringBuilder edited = new StringBuilder(text);
        // The later place first: the earlier one keeps its offset.
        if (vocabularyBody > addedTokensEnd) {
            edited.insert(vocabularyBody, entries).replace(addedTokensStart, addedTokensEnd, kept.toString());
        } else {
            edited.replace(addedTokensStart, addedTokensEnd, kept.toString()).insert(vocabularyBody, entries);
        }
        return edited.toString();
    }

    private void scan(JsonScanner scanner) {
        boolean postProcessorSeen = false;
        scanner.expect('{');
        do {
            switch (scanner.key()) {
                case "added_tokens" -> scanAddedTokens(scanner);
                case "post_processor" -> {
                    postProcessorSeen = true;
                    postProcessor = parse(scanner.value());
                }
                case "model" -> scanModel(scanner, postProcessorSeen && addedTokensStart >= 0);
                default -> scanner.value();
            }
        } while (!(postProcessorSeen && addedTokensStart >= 0 && vocabularyBody >= 0) && scanner.take(','));
    }

    /** @param last whether nothing after the vocabulary matters, neither the merges nor what follows the model */
    private void scanModel(JsonScanner scanner, boolean last) {
        scanner.expect('{');
        do {
            switch (scanner.key()) {
                case "type" -> checkType(scanner.string());
                case "vocab" -> {
                    scanVocabulary(scanner);
                    if (last) {
                        return;
                    }
                }
                default -> scanner.value();
            }
        } while (scanner.take(','));
        scanner.expect('}');
    }

    private void scanVocabulary(JsonScanner scanner) {
        scanner.expect('{');
        vocabularyBody = scanner.position();
        readVocabulary(scanner, vocabulary);
    }

    /** Reads members and the closing brace of an object of token to id. */
    static void readVocabulary(JsonScanner scanner, Map<String, Integer> into) {
        if (scanner.take('}')) {
            return;
        }
        do {
            String token = scanner.key();
            into.put(token, scanner.tokenId());
        } while (scanner.take(','));
        scanner.expect('}');
    }

    private void scanAddedTokens(JsonScanner scanner) {
        addedTokensStart = scanner.position();
        String value = scanner.value();
        addedTokensEnd = addedTokensStart + value.length();
        if (parse(value) instanceof JsonArray array) {
            addedTokens = array;
        }
    }

    private void checkType(String type) {
        if (!type.equals("BPE")) {
            throw new TokenizerException(where + " is a tokenizer of type " + type
                    + ", which is not supported: use a model with a BPE tokenizer.");
        }
    }

    private JsonElement parse(String value) {
        try {
            return JsonParser.parseString(value);
        } catch (JsonParseException e) {
            throw new TokenizerException(
                    where + " is not valid JSON near " + JsonPosition.of(e) + ": fetch the file again.", e);
        }
    }

    private AddedToken addedToken(JsonElement element) {
        try {
            JsonObject token = element.getAsJsonObject();
            return new AddedToken(
                    token.get("id").getAsInt(),
                    token.get("content").getAsString(),
                    token.has("special") && token.get("special").getAsBoolean());
        } catch (RuntimeException e) {
            throw new TokenizerException(where + " has an added token without id or content: fetch the file again.", e);
        }
    }
}
