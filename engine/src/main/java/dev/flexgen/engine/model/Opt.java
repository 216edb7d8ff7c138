package dev.flexgen.engine.model;

import dev.flexgen.config.Quoted;
import dev.flexgen.engine.model.Features.NormPlace;
import dev.flexgen.engine.tensor.Activation;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * OPT, OPT-IML and Galactica ({@code model_type} "opt").
 *
 * <p>Learned positions that start at row 2 of their table, LayerNorm with an epsilon of 1e-5 that no config states, biases and
 * norm weights that some checkpoints leave out. opt-350m normalises after the residual sum, has no final norm, and joins a
 * token table of half the width by two projections. Source: {@code modeling_opt.py} of transformers; the names by the
 * published files, in which the outermost {@code model.} comes and goes, and by metaseq, where OPT was trained: FlexGen
 * and Alpa keep its name of the final norm.
 */
final class Opt implements Family {

    private static final int POSITION_OFFSET = 2;
    private static final float NORM_EPSILON = 1e-5f;

    private static final Map<String, String> METASEQ_NAMES = Map.of(
            "decoder.layer_norm.weight", "decoder.final_layer_norm.weight",
            "decoder.layer_norm.bias", "decoder.final_layer_norm.bias",
            "decoder.project_in_dim.weight", "decoder.project_in.weight",
            "decoder.project_out_dim.weight", "decoder.project_out.weight");

    @Override
    public String name() {
        return "opt";
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        int width = config.size("hidden_size", 768);
        int heads = config.size("num_attention_heads", 12);
        if (width % heads != 0) {
            throw config.invalid("hidden_size", "is not a multiple of num_attention_heads (" + heads + ")");
        }
        boolean before = config.flag("do_layer_norm_before", true);
        Dimensions dimensions = new Dimensions(
                config.size("num_hidden_layers", 12),
                width,
                heads,
                heads,
                width / heads,
                config.size("ffn_dim", 3072),
                config.size("vocab_size", 50272),
                config.size("word_embed_proj_dim", width),
                config.size("max_position_embeddings", 2048));
        Features features = new Features(
                before ? NormPlace.BEFORE : NormPlace.AFTER,
                NORM_EPSILON,
                before && !config.flag("_remove_final_layer_norm", false),
                activation(config),
                POSITION_OFFSET);
        return new ModelSpec(
                name(), dimensions, features, config.token("bos_token_id", 2), config.tokens("eos_token_id", 2));
    }

    /** Of the published shapes the one with projections, opt-350m, is also the one that normalises after the sum. */
    @Override
    public ModelSpec spec(Dimensions dimensions, Activation activation) {
        boolean before = dimensions.embedding() == dimensions.width();
        Features features = new Features(
                before ? NormPlace.BEFORE : NormPlace.AFTER, NORM_EPSILON, before, activation, POSITION_OFFSET);
        return new ModelSpec(name(), dimensions, features, OptionalInt.of(2), Set.of(2));
    }

    private static Activation activation(ConfigJson config) {
        String name = config.text("activation_function", "relu");
        return switch (name) {
            case "relu" -> Activation.RELU;
            case "gelu" -> Activation.GELU;
            default -> throw config.invalid("activation_function", "is " + Quoted.of(name) + ", not one of relu, gelu");
        };
    }

    @Override
    public String canonical(String storedName) {
        String name = storedName.startsWith("model.") ? storedName.substring("model.".length()) : storedName;
        return METASEQ_NAMES.getOrDefault(name, name);
    }

    @Override
    public String tensorName(Role role) {
        String layer = "decoder.layers.{}.";
        return switch (role) {
            case TOKENS -> "decoder.embed_tokens.weight";
            case POSITIONS -> "decoder.embed_positions.weight";
            case PROJECT_IN -> "decoder.project_in.weight";
            case PROJECT_OUT -> "decoder.project_out.weight";
            case FINAL_NORM_WEIGHT -> "decoder.final_layer_norm.weight";
            case FINAL_NORM_BIAS -> "decoder.final_layer_norm.bias";
            case HEAD -> "lm_head.weight";
            case ATTENTION_NORM_WEIGHT -> layer + "self_attn_layer_norm.weight";
            case ATTENTION_NORM_BIAS -> layer + "self_attn_layer_norm.bias";
            case QUERY_WEIGHT -> layer + "self_attn.q_proj.weight";
            case QUERY_BIAS -> layer + "self_attn.q_proj.bias";
            case KEY_WEIGHT -> layer + "self_attn.k_proj.weight";
            case KEY_BIAS -> layer + "self_attn.k_proj.bias";
            case VALUE_WEIGHT -> layer + "self_attn.v_proj.weight";
            case VALUE_BIAS -> layer + "self_attn.v_proj.bias";
            case ATTENTION_OUT_WEIGHT -> layer + "self_attn.out_proj.weight";
            case ATTENTION_OUT_BIAS -> layer + "self_attn.out_proj.bias";
            case FFN_NORM_WEIGHT -> layer + "final_layer_norm.weight";
            case FFN_NORM_BIAS -> layer + "final_layer_norm.bias";
            case UP_WEIGHT -> layer + "fc1.weight";
            case UP_BIAS -> layer + "fc1.bias";
            case DOWN_WEIGHT -> layer + "fc2.weight";
            case DOWN_BIAS -> layer + "fc2.bias";
        };
    }
}
