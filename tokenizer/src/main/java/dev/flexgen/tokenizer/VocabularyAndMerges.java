package dev.flexgen.tokenizer;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import dev.flexgen.config.Quoted;
import dev.flexgen.tokenizer.TokenizerJson.Slice;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
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
        Slice entries = vocabularyEntries();
        if (folder.has(ModelFolder.ADDED_TOKENS)) {
            scanner(ModelFolder.ADDED_TOKENS).vocabulary(added);
        }
        Set<String> special = specialTokens();
        List<AddedToken> tokens = addedTokens(special);
        try {
            AddedTokens.fitting(vocabulary, tokens);
        } catch (IllegalArgumentException e) {
            throw bad(ModelFolder.ADDED_TOKENS, String.valueOf(e.getMessage()));
        }
        Set<String> unmerged = new HashSet<>(special);
        unmerged.addAll(added.keySet());
        String merges = new MergeList(folder, vocabulary).json(unmerged);
        ByteAlphabet.missing(vocabulary).ifPresent(sign -> {
            throw bad(ModelFolder.VOCABULARY, "it has no " + Quoted.of(sign) + ", so text would be lost");
        });
        return new TokenizerJson(
                folder.describe(ModelFolder.VOCABULARY) + " with " + ModelFolder.MERGES,
                vocabulary,
                entries,
                Slice.of(merges),
                tokens,
                Map.of(Component.PRE_TOKENIZER, byteLevel(addsPrefixSpace()), Component.DECODER, byteLevel(true)),
                JsonNull.INSTANCE,
                BpeSettings.PLAIN);
    }

    private static JsonObject byteLevel(boolean prefixSpace) {
        JsonObject component = new JsonObject();
        component.addProperty("type", "ByteLevel");
        component.addProperty("add_prefix_space", prefixSpace);
        component.addProperty("trim_offsets", true);
        component.addProperty("use_regex", true);
        return component;
    }

    private TokenizerException bad(String name, String reason) {
        return new TokenizerException(
                folder.describe(name) + " cannot be used: " + reason + ". Fetch the model's tokenizer files again.");
    }

    /** Checks the vocabulary and returns its members as they stand, without the braces. */
    private Slice vocabularyEntries() {
        String text = folder.read(ModelFolder.VOCABULARY);
        JsonScanner scanner = new JsonScanner(text, folder.describe(ModelFolder.VOCABULARY));
        int start = scanner.position() + 1;
        scanner.vocabulary(vocabulary);
        int end = scanner.position() - 1;
        scanner.end();
        String where = folder.describe(ModelFolder.VOCABULARY);
        if (vocabulary.isEmpty()) {
            throw new TokenizerException(where + " holds no tokens: fetch the file again.");
        }
        refuseSharedIds(where);
        return new Slice(text, start, end);
    }

    private void refuseSharedIds(String where) {
        BitSet seen = new BitSet();
        for (int id : vocabulary.values()) {
            if (seen.get(id)) {
                String tokens = vocabulary.entrySet().stream()
                        .filter(entry -> entry.getValue() == id)
                        .map(entry -> Quoted.of(entry.getKey()))
                        .sorted()
                        .collect(Collectors.joining(" and "));
                throw new TokenizerException(
                        where + " gives the id " + id + " to " + tokens + ": fetch the file again.");
            }
            seen.set(id);
        }
    }

    private JsonScanner scanner(String name) {
        return new JsonScanner(folder.read(name), folder.describe(name));
    }

    private List<AddedToken> addedTokens(Set<String> special) {
        Set<String> all = new LinkedHashSet<>(special);
        all.addAll(added.keySet());
        List<AddedToken> tokens = new ArrayList<>();
        for (String content : all) {
            Integer id = added.getOrDefault(content, vocabulary.get(content));
            if (id != null) { // else it is named for a role but not in this vocabulary: it cannot occur
                tokens.add(AddedToken.plain(id, content, special.contains(content)));
            }
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
                OptionalInt id = ModelFolder.id(config, role);
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
        return ModelFolder.isOn(folder.object(ModelFolder.TOKENIZER_CONFIG), "add_prefix_space");
    }
}
