package dev.flexgen.tokenizer;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Damaged tokenizer files, each from one number: real forms with values exchanged, members lost or doubled, parts of
 * other tokenizers and components that the library knows but we do not, wild regular expressions, and bytes changed.
 */
final class TokenizerMutations {

    private static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private final Random random;

    TokenizerMutations(long seed) {
        random = new Random(seed);
    }

    /** The bytes of a tokenizer.json. */
    byte[] next() {
        PublishedShapes.Shape shape = pick(PublishedShapes.ALL);
        String json = PublishedShapes.json(shape);
        int kind = random.nextInt(10);
        if (kind < 8) {
            JsonObject tree = JsonParser.parseString(json).getAsJsonObject();
            int times = 1 + random.nextInt(3);
            for (int i = 0; i < times; i++) {
                if (kind < 4) {
                    recombine(tree);
                } else {
                    mutate(tree);
                }
            }
            json = GSON.toJson(tree);
        }
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return kind < 7 ? bytes : changed(bytes);
    }

    /** Makes what could be a tokenizer, if a strange one. */
    private void recombine(JsonObject tree) {
        switch (random.nextInt(7)) {
            case 0 -> tree.add("normalizer", sequence("normalizers", MutationParts.NORMALIZERS));
            case 1 -> tree.add("pre_tokenizer", sequence("pretokenizers", MutationParts.PRE_TOKENIZERS));
            case 2 -> tree.add("decoder", sequence("decoders", MutationParts.DECODERS));
            case 3 -> addToSequence(tree);
            case 4 -> addToken(tree.getAsJsonArray("added_tokens"));
            case 5 -> setModel(tree.getAsJsonObject("model"));
            default -> {
                JsonObject other = JsonParser.parseString(PublishedShapes.json(pick(PublishedShapes.ALL)))
                        .getAsJsonObject();
                String key = pick(List.of("normalizer", "pre_tokenizer", "decoder", "model", "added_tokens"));
                tree.add(key, other.get(key));
            }
        }
    }

    private JsonObject sequence(String list, List<String> components) {
        JsonArray parts = new JsonArray();
        for (int parted = random.nextInt(4); parted > 0; parted--) {
            parts.add(JsonParser.parseString(pick(components).replace('\'', '"')));
        }
        JsonObject sequence = new JsonObject();
        sequence.addProperty("type", "Sequence");
        sequence.add(list, parts);
        return sequence;
    }

    private void addToken(JsonArray tokens) {
        JsonObject token = new JsonObject();
        token.addProperty("id", random.nextInt(3) == 0 ? random.nextInt(1 << 24) : 600 + random.nextInt(5));
        token.addProperty(
                "content",
                pick(List.of(
                        " ", "  ", "\n", "a", "the", "aaaa", "▁", "Ġ", "<tool>x", "é", "e\u0301", "\u0000", "日",
                        "🙂")));
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
            token.addProperty(flag, random.nextInt(3) == 0);
        }
        tokens.add(token);
    }

    private void setModel(JsonObject model) {
        String flag = pick(List.of("fuse_unk", "byte_fallback", "ignore_merges"));
        model.addProperty(flag, random.nextBoolean());
        JsonObject vocabulary = model.getAsJsonObject("vocab");
        String token = pick(new ArrayList<>(vocabulary.keySet()));
        switch (random.nextInt(4)) {
            case 0 -> vocabulary.remove(token);
            case 1 -> vocabulary.addProperty(token, random.nextInt(1 << 24));
            case 2 -> model.addProperty("unk_token", token);
            default ->
                vocabulary.addProperty(pick(List.of("", "\u0000", "日本", "zz", "<0x0A>")), 700 + random.nextInt(3));
        }
    }

    private void mutate(JsonObject tree) {
        switch (random.nextInt(8)) {
            case 0, 1 ->
                set(tree, pick(List.of("normalizer", "pre_tokenizer", "post_processor", "decoder")), component());
            case 2 -> addToSequence(tree);
            case 3 -> set(tree, "pre_tokenizer", split());
            case 4 -> mutateAnywhere(tree.get("added_tokens"));
            case 5 -> mutateAnywhere(tree.getAsJsonObject().get("model"));
            default -> mutateAnywhere(tree);
        }
    }

    private static void set(JsonObject tree, String key, JsonElement value) {
        tree.add(key, value);
    }

    private void addToSequence(JsonObject tree) {
        for (String key : List.of("normalizer", "pre_tokenizer", "decoder")) {
            if (tree.get(key) instanceof JsonObject step) {
                for (String list : step.keySet()) {
                    if (step.get(list) instanceof JsonArray parts) {
                        parts.add(random.nextBoolean() ? component() : split());
                    }
                }
            }
        }
    }

    private JsonElement component() {
        return JsonParser.parseString(pick(MutationParts.COMPONENTS).replace('\'', '"'));
    }

    private JsonElement split() {
        JsonObject pattern = new JsonObject();
        pattern.addProperty("Regex", pattern());
        JsonObject split = new JsonObject();
        split.addProperty("type", "Split");
        split.add("pattern", pattern);
        split.addProperty(
                "behavior", pick(List.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")));
        split.addProperty("invert", random.nextBoolean());
        return split;
    }

    private String pattern() {
        if (random.nextInt(3) == 0) {
            StringBuilder known = new StringBuilder(pick(PublishedShapes.PATTERNS));
            known.insert(random.nextInt(known.length() + 1), pick(MutationParts.PATTERN_PIECES));
            return known.toString();
        }
        StringBuilder pattern = new StringBuilder();
        int pieces = 1 + random.nextInt(6);
        for (int i = 0; i < pieces; i++) {
            pattern.append(pick(MutationParts.PATTERN_PIECES));
        }
        return pattern.toString();
    }

    /** Follows a random path down the tree and changes what is there. */
    private void mutateAnywhere(JsonElement node) {
        JsonElement at = node;
        while (true) {
            List<JsonElement> inner = new ArrayList<>();
            if (at instanceof JsonObject object) {
                object.asMap().values().forEach(inner::add);
            } else if (at instanceof JsonArray array) {
                array.forEach(inner::add);
            }
            inner.removeIf(child -> !child.isJsonArray() && !child.isJsonObject());
            if (inner.isEmpty() || random.nextInt(4) == 0) {
                break;
            }
            at = pick(inner);
        }
        if (at instanceof JsonObject object) {
            mutateObject(object);
        } else if (at instanceof JsonArray array) {
            mutateArray(array);
        }
    }

    private void mutateObject(JsonObject object) {
        if (object.isEmpty()) {
            object.add("type", value());
            return;
        }
        String key = pick(new ArrayList<>(object.keySet()));
        switch (random.nextInt(5)) {
            case 0 -> object.remove(key);
            case 1 -> object.add(key + "x", object.remove(key));
            case 2 -> object.add(key, component());
            default -> object.add(key, value());
        }
    }

    private void mutateArray(JsonArray array) {
        switch (random.nextInt(4)) {
            case 0 -> array.add(value());
            case 1 -> array.add(array.isEmpty() ? JsonNull.INSTANCE : pick(array.asList()));
            case 2 -> {
                if (!array.isEmpty()) {
                    array.remove(random.nextInt(array.size()));
                }
            }
            default -> {
                if (!array.isEmpty()) {
                    array.set(random.nextInt(array.size()), value());
                }
            }
        }
    }

    private JsonElement value() {
        if (random.nextInt(40) == 0) {
            JsonElement deep = JsonNull.INSTANCE;
            for (int depth = random.nextInt(400); depth > 0; depth--) {
                JsonArray outer = new JsonArray();
                outer.add(deep);
                deep = outer;
            }
            return deep;
        }
        String text = pick(MutationParts.VALUES);
        return Character.isDigit(text.charAt(text.length() - 1))
                ? new JsonPrimitive(new BigDecimal(text))
                : JsonParser.parseString(text);
    }

    private byte[] changed(byte[] bytes) {
        byte[] result = bytes;
        for (int times = 1 + random.nextInt(4); times > 0; times--) {
            result = changedOnce(result);
        }
        return result;
    }

    private byte[] changedOnce(byte[] bytes) {
        int at = random.nextInt(bytes.length + 1);
        int next = Math.min(bytes.length, at + 1);
        int end = Math.min(bytes.length, at + (random.nextInt(3) == 0 ? random.nextInt(200) : 1));
        return switch (random.nextInt(5)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> spliced(bytes, at, end, new byte[0]);
            case 2 -> spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
            case 3 -> spliced(bytes, at, next, new byte[] {(byte) random.nextInt(256)});
            default -> spliced(bytes, at, at, pick(MutationParts.SIGNS).getBytes(StandardCharsets.UTF_8));
        };
    }

    private static byte[] spliced(byte[] bytes, int from, int to, byte[] between) {
        byte[] result = new byte[bytes.length - (to - from) + between.length];
        System.arraycopy(bytes, 0, result, 0, from);
        System.arraycopy(between, 0, result, from, between.length);
        System.arraycopy(bytes, to, result, from + between.length, bytes.length - to);
        return result;
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
