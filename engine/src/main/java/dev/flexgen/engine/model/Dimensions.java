package dev.flexgen.engine.model;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;

/**
 * The sizes of a transformer.
 *
 * @param layers number of blocks
 * @param width of the residual stream (E)
 * @param heads query heads
 * @param keyHeads key and value heads; fewer than {@code heads} with grouped-query attention
 * @param headDim width of one head (D)
 * @param ffnWidth neurons of the feed-forward block (F)
 * @param vocabulary rows of the token table (V)
 * @param embedding width of the token table's rows (P); differs from {@code width} where projections join them
 * @param positions the most tokens a sequence can have
 */
public record Dimensions(
        int layers,
        int width,
        int heads,
        int keyHeads,
        int headDim,
        int ffnWidth,
        int vocabulary,
        int embedding,
        int positions) {

    /**
     * The same as a config, in every spelling that some family reads; what it does not say is the family's default.
     *
     * @param more keys of a config, as JSON, which win; empty for none
     */
    ConfigJson asConfig(String more) {
        JsonObject config = new JsonObject();
        for (String key : List.of("num_hidden_layers", "n_layer")) {
            config.addProperty(key, layers);
        }
        for (String key : List.of("hidden_size", "n_embd")) {
            config.addProperty(key, width);
        }
        for (String key : List.of("num_attention_heads", "n_head")) {
            config.addProperty(key, heads);
        }
        for (String key : List.of("intermediate_size", "n_inner")) {
            config.addProperty(key, ffnWidth);
        }
        for (String key : List.of("max_position_embeddings", "n_positions", "seq_length")) {
            config.addProperty(key, positions);
        }
        config.addProperty("num_key_value_heads", keyHeads);
        config.addProperty("head_dim", headDim);
        config.addProperty("vocab_size", vocabulary);
        if (!more.isEmpty()) {
            JsonParser.parseString(more).getAsJsonObject().asMap().forEach(config::add);
        }
        return ConfigJson.of("the catalogue", config);
    }
}
