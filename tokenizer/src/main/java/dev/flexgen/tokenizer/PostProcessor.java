package dev.flexgen.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/** Reads what the {@code post_processor} of a tokenizer.json puts in front of a single text. */
final class PostProcessor {

    private static final int[] NOTHING = {};

    private PostProcessor() {}

    /** @throws RuntimeException of Gson's choice if the element is not built as post-processors are */
    static int[] prefix(JsonElement element) {
        if (!(element instanceof JsonObject processor) || !processor.has("type")) {
            return NOTHING;
        }
        return switch (processor.get("type").getAsString()) {
            case "TemplateProcessing" -> templatePrefix(processor);
            case "Sequence" -> firstPrefix(processor.getAsJsonArray("processors"));
            default -> NOTHING; // ByteLevel only trims offsets
        };
    }

    private static int[] firstPrefix(JsonArray processors) {
        for (JsonElement processor : processors) {
            int[] prefix = prefix(processor);
            if (prefix.length > 0) {
                return prefix;
            }
        }
        return NOTHING;
    }

    /** The ids of the special tokens before {@code $A}. */
    private static int[] templatePrefix(JsonObject processor) {
        JsonObject specialTokens = processor.getAsJsonObject("special_tokens");
        JsonArray ids = new JsonArray();
        for (JsonElement piece : processor.getAsJsonArray("single")) {
            if (!piece.getAsJsonObject().has("SpecialToken")) {
                break;
            }
            String name = piece.getAsJsonObject()
                    .getAsJsonObject("SpecialToken")
                    .get("id")
                    .getAsString();
            ids.addAll(specialTokens.getAsJsonObject(name).getAsJsonArray("ids"));
        }
        return ids.asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }
}
