package dev.flexgen.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.flexgen.config.Quoted;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Decides which ids begin every text of a model; the rule is spelt out at {@link Tokenizers#open}. */
final class BeginRule {

    private static final Set<String> GLM_TYPES = Set.of("glm", "glm4", "chatglm");
    private static final int OPT_DEFAULT_ID = 2;

    private BeginRule() {}

    static int[] beginIds(TokenizerJson json, ModelFolder folder) {
        int[] template = json.templatePrefix();
        if (template.length > 0) {
            return template;
        }
        JsonObject tokenizerConfig = folder.object(ModelFolder.TOKENIZER_CONFIG);
        if (tokenizerConfig.get("add_bos_token") instanceof JsonPrimitive addBos && addBos.isBoolean()) {
            return addBos.getAsBoolean() ? configuredToken(json, folder, tokenizerConfig) : new int[0];
        }
        JsonObject config = folder.object(ModelFolder.MODEL_CONFIG);
        String modelType = modelType(config);
        if (modelType.equals("opt")) {
            return optBegin(config);
        }
        return GLM_TYPES.contains(modelType) ? glmBegin(json) : new int[0];
    }

    private static int[] configuredToken(TokenizerJson json, ModelFolder folder, JsonObject tokenizerConfig) {
        Optional<String> token = ModelFolder.token(tokenizerConfig, "bos_token");
        OptionalInt id = token.isPresent() ? json.idOf(token.get()) : OptionalInt.empty();
        if (id.isEmpty()) {
            throw new TokenizerException(folder.describe(ModelFolder.TOKENIZER_CONFIG)
                    + " asks for a begin token (add_bos_token) but its bos_token "
                    + token.map(content -> Quoted.of(content) + " is not in the vocabulary")
                            .orElse("is missing")
                    + ": use the tokenizer files that belong to the model.");
        }
        return new int[] {id.getAsInt()};
    }

    private static int[] optBegin(JsonObject config) {
        int begin = ModelFolder.id(config, "bos_token_id").orElse(OPT_DEFAULT_ID);
        int end = ModelFolder.id(config, "eos_token_id").orElse(OPT_DEFAULT_ID);
        return begin == end ? new int[] {begin} : new int[0];
    }

    private static int[] glmBegin(TokenizerJson json) {
        OptionalInt mask = json.idOf("[gMASK]");
        OptionalInt start = json.idOf("<sop>");
        return mask.isPresent() && start.isPresent() ? new int[] {mask.getAsInt(), start.getAsInt()} : new int[0];
    }

    private static String modelType(JsonObject config) {
        JsonElement type = config.get("model_type");
        return type instanceof JsonPrimitive text && text.isString() ? text.getAsString() : "";
    }
}
