package dev.flexgen.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.flexgen.config.Quoted;
import java.util.Map;

/**
 * The three steps of a tokenizer that are built of components, with the components that published byte-pair tokenizers
 * use and what their members may be. The native library knows more, and ends the process over some of them; they are
 * refused by name.
 */
enum Component {
    NORMALIZER("normalizer", "normalizers"),
    PRE_TOKENIZER("pre_tokenizer", "pretokenizers"),
    DECODER("decoder", "decoders");

    private static final String SEQUENCE = "Sequence";
    private static final int LONGEST_SEQUENCE = 32;
    private static final int DEEPEST = 4;

    private final String key;
    private final String list;

    Component(String key, String list) {
        this.key = key;
        this.list = list;
    }

    /** Its key in a tokenizer.json. */
    String key() {
        return key;
    }

    /**
     * Returns the element, which is a component of this step or null.
     *
     * @throws IllegalArgumentException with the reason, as half a sentence, if it is not
     */
    JsonElement check(JsonElement element) {
        if (!element.isJsonNull()) {
            check(element, 0);
        }
        return element;
    }

    /** Whether the element is a component of this name or has one inside. */
    boolean uses(JsonElement element, String name) {
        if (!(element instanceof JsonObject object)) {
            return false;
        }
        if (object.get(list) instanceof JsonArray parts) {
            return parts.asList().stream().anyMatch(part -> uses(part, name));
        }
        return new JsonPrimitive(name).equals(object.get("type"));
    }

    private void check(JsonElement element, int depth) {
        if (!(element instanceof JsonObject object && object.get("type") instanceof JsonPrimitive type)) {
            throw new IllegalArgumentException("its " + key + " is not an object with a type");
        }
        String name = type.getAsString();
        if (name.equals(SEQUENCE)) {
            checkSequence(object, depth);
            return;
        }
        Map<String, FieldRule> shape = shapes().get(name);
        if (shape == null) {
            throw new IllegalArgumentException(
                    "its " + key + " is of a type that is not supported, " + Quoted.of(name));
        }
        for (Map.Entry<String, JsonElement> member : object.entrySet()) {
            checkMember(name, shape, member.getKey(), member.getValue());
        }
        shape.keySet().stream()
                .filter(Shapes::isRequired)
                .filter(member -> !object.has(member))
                .findFirst()
                .ifPresent(member -> {
                    throw new IllegalArgumentException("its " + key + " " + name + " has no " + member);
                });
    }

    private void checkMember(String name, Map<String, FieldRule> shape, String member, JsonElement value) {
        if (member.equals("type")) {
            return;
        }
        FieldRule rule = shape.get(member);
        if (rule == null) {
            throw new IllegalArgumentException(
                    "its " + key + " " + name + " has an unknown member, " + Quoted.of(member));
        }
        try {
            rule.check(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the member " + member + " of its " + key + " " + name + " " + e.getMessage(), e);
        }
    }

    private Map<String, Map<String, FieldRule>> shapes() {
        return switch (this) {
            case NORMALIZER -> Shapes.NORMALIZERS;
            case PRE_TOKENIZER -> Shapes.PRE_TOKENIZERS;
            case DECODER -> Shapes.DECODERS;
        };
    }

    private void checkSequence(JsonObject object, int depth) {
        if (depth == DEEPEST
                || object.size() != 2
                || !(object.get(list) instanceof JsonArray parts)
                || parts.size() > LONGEST_SEQUENCE) {
            throw new IllegalArgumentException("its " + key + " has a Sequence that is not a list, \"" + list
                    + "\", of at most " + LONGEST_SEQUENCE + " components");
        }
        for (JsonElement part : parts) {
            check(part, depth + 1);
        }
    }
}
