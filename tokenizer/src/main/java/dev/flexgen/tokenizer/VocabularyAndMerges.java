package dev.flexgen.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Builds the {@code tokenizer.json} of a GPT-2 style byte-level BPE that ships as {@code vocab.json} and
 * {@code merges.txt}, as OPT does. (The library's own constructor for the two files splits text wrongly: it knows
 * neither the byte alphabet nor the special tokens.)
 *
 * <p>Special are the tokens that {@code special_tokens_map.json} and {@code tokenizer_config.json} name, or without
 * them the begin, end and padding ids of {@code config.json}, or without those the usual names. For OPT that makes
 * {@code </s>} and {@code <pad>}; its {@code <s>}, {@code <unk>} and {@code <mask>} are ordinary text. Tokens of
 * {@code added_tokens.json} are added as well.
 */
final class VocabularyAndMerges {

    private static final List<String> ROLES = List.of("bos_token", "eos_token", "unk_token", "pad_token");
    private static final List<String> ID_ROLES = List.of("bos_token_id", "eos_token_id", "pad_token_id");
    private static final List<String> USUAL_NAMES = List.of("</s>", "<pad>", "<|endoftext|>");

    private final ModelFolder folder;
    private final Map<String, Integer> vocabulary = new HashMap<>(1 << 17);
    private final Map<String, Integer> added = new HashMap<>();

    private VocabularyAndMerges(ModelFolder folder) {
        this.folder = folder;
    }

    static TokenizerJson read(ModelFolder folder) {
        return new VocabularyAndMerges(folder).build();
    }

    private TokenizerJson build() {
        String entries = vocabularyEntries();
        if (folder.has(ModelFolder.ADDED_TOKENS)) {
            readAll(scanner(ModelFolder.ADDED_TOKENS), added);
        }
        String head = "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":" + addedTokens()
                + ",\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":"
                + addsPrefixSpace()
                + ",\"trim_offsets\":true,\"use_regex\":true},\"post_processor\":null,"
                + "\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,"
                + "\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,"
                + "\"continuing_subword_prefix\":\"\",\"end_of_word_suffix\":\"\",\"fuse_unk\":false,"
                + "\"byte_fallback\":false,\"vocab\":{";
        String rest = entries + "},\"merges\":[" + merges() + "]}}";
        String where = folder.describe(ModelFolder.VOCABULARY) + " with " + ModelFolder.MERGES;
        return TokenizerJson.of(head, rest, where, vocabulary);
    }

    /** Checks the vocabulary and returns its members as they stand, without the braces. */
    private String vocabularyEntries() {
        String text = folder.read(ModelFolder.VOCABULARY);
        JsonScanner scanner = new JsonScanner(text, folder.describe(ModelFolder.VOCABULARY));
        int start = scanner.position();
        readAll(scanner, vocabulary);
        String where = folder.describe(ModelFolder.VOCABULARY);
        if (vocabulary.isEmpty()) {
            throw new TokenizerException(where + " holds no tokens: fetch the file again.");
        }
        refuseSharedIds(where);
        return text.substring(start + 1, scanner.position() - 1);
    }

    private void refuseSharedIds(String where) {
        BitSet seen = new BitSet();
        for (int id : vocabulary.values()) {
            if (seen.get(id)) {
                String tokens = vocabulary.entrySet().stream()
                        .filter(entry -> entry.getValue() == id)
                        .map(entry -> "'" + entry.getKey() + "'")
                        .sorted()
                        .collect(Collectors.joining(" and "));
                throw new TokenizerException(
                        where + " gives the id " + id + " to " + tokens + ": fetch the file again.");
            }
            seen.set(id);
        }
    }

    private static void readAll(JsonScanner scanner, Map<String, Integer> into) {
        scanner.expect('{');
        TokenizerJson.readVocabulary(scanner, into);
    }

    private JsonScanner scanner(String name) {
        return new JsonScanner(folder.read(name), folder.describe(name));
    }

    /** The merges as comma-separated JSON strings. */
    private String merges() {
        String text = folder.read(ModelFolder.MERGES);
        StringBuilder json = new StringBuilder(text.length() + (text.length() >> 2));
        int line = 0;
        int end;
        for (int start = 0; start < text.length(); start = end + 1) {
            end = text.indexOf('\n', start);
            end = end < 0 ? text.length() : end;
            int contentEnd = end > start && text.charAt(end - 1) == '\r' ? end - 1 : end;
            line++;
            boolean header = line == 1 && text.startsWith("#version", start);
            if (contentEnd == start || header) {
                continue;
            }
            int space = text.indexOf(' ', start);
            if (space <= start || space >= contentEnd - 1 || text.lastIndexOf(' ', contentEnd - 1) != space) {
                throw new TokenizerException(folder.describe(ModelFolder.MERGES) + ", line " + line
                        + ", is not two tokens separated by a space: fetch the file again.");
            }
            String merge =
                    text.substring(start, contentEnd).replace("\\", "\\\\").replace("\"", "\\\"");
            json.append(json.isEmpty() ? "\"" : ",\"").append(merge).append('"');
        }
        return json.toString();
    }

    private JsonArray addedTokens() {
        Set<String> special = specialTokens();
        Set<String> all = new HashSet<>(special);
        all.addAll(added.keySet());
        JsonArray tokens = new JsonArray();
        for (String content : all) {
            Integer id = vocabulary.getOrDefault(content, added.get(content));
            if (id == null) {
                continue; // named for a role but not in this vocabulary: it cannot occur
            }
            JsonObject token = new JsonObject();
            token.addProperty("id", id);
            token.addProperty("content", content);
            token.addProperty("single_word", false);
            token.addProperty("lstrip", false);
            token.addProperty("rstrip", false);
            token.addProperty("normalized", true);
            token.addProperty("special", special.contains(content));
            tokens.add(token);
        }
        return tokens;
    }

    private Set<String> specialTokens() {
        Set<String> names = new HashSet<>();
        for (String file : List.of(ModelFolder.SPECIAL_TOKENS, ModelFolder.TOKENIZER_CONFIG)) {
            JsonObject object = folder.object(file);
            for (String role : ROLES) {
                ModelFolder.token(object, role).ifPresent(names::add);
            }
        }
        if (names.isEmpty()) {
            JsonObject config = folder.object(ModelFolder.MODEL_CONFIG);
            for (String role : ID_ROLES) {
                OptionalInt id = ModelFolder.integer(config, role);
                if (id.isPresent()) {
                    tokenOf(id.getAsInt()).ifPresent(names::add);
                }
            }
        }
        if (names.isEmpty()) {
            names.addAll(USUAL_NAMES);
        }
        return names;
    }

    private Optional<String> tokenOf(int id) {
        return vocabulary.entrySet().stream()
                .filter(entry -> entry.getValue() == id)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private boolean addsPrefixSpace() {
        var setting = folder.object(ModelFolder.TOKENIZER_CONFIG).get("add_prefix_space");
        return setting != null && setting.isJsonPrimitive() && setting.getAsBoolean();
    }
}
