package dev.flexgen.engine.model;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import dev.flexgen.engine.model.RowSelection.Axis;
import java.util.List;
import java.util.Optional;

/**
 * BLOOM and BLOOMZ ({@code model_type} "bloom").
 *
 * <p>No positions but ALiBi's slopes, a norm behind the token table, biases everywhere, a feed-forward network four times as wide
 * as the residual stream. Query, key and value are one tensor, head by head. Published files lack the {@code transformer.} that
 * later ones have, and spell the config's keys in their own way. Source: {@code modeling_bloom.py} of transformers.
 */
final class Bloom implements Family {

    private static final String LAYER = "h.{layer}.";
    private static final String FUSED = LAYER + "self_attention.query_key_value";

    private static final TensorNames NAMES = TensorNames.withPrefixes("transformer.")
            .part(ModelPart.TOKENS, "word_embeddings")
            .part(ModelPart.TOKENS_NORM, "word_embeddings_layernorm")
            .part(ModelPart.FINAL_NORM, "ln_f")
            .part(ModelPart.HEAD, "lm_head")
            .part(ModelPart.ATTENTION_NORM, LAYER + "input_layernorm")
            .rows(ModelPart.QUERY, FUSED, (spec, _, _) -> part(spec, 0))
            .rows(ModelPart.KEY, FUSED, (spec, _, _) -> part(spec, 1))
            .rows(ModelPart.VALUE, FUSED, (spec, _, _) -> part(spec, 2))
            .part(ModelPart.ATTENTION_OUT, LAYER + "self_attention.dense")
            .part(ModelPart.FFN_NORM, LAYER + "post_attention_layernorm")
            .part(ModelPart.UP, LAYER + "mlp.dense_h_to_4h")
            .part(ModelPart.DOWN, LAYER + "mlp.dense_4h_to_h")
            .build();

    /** Of each head in turn. */
    private static RowSelection part(ModelSpec spec, int part) {
        long dim = spec.headDim();
        return new RowSelection(
                3 * dim * spec.heads(), part * dim, List.of(new Axis(spec.heads(), 3 * dim), new Axis(dim, 1)));
    }

    @Override
    public String name() {
        return "bloom";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        int width = config.size(64, "hidden_size", "n_embed");
        int heads = config.size(8, "n_head", "num_attention_heads");
        if (width % heads != 0) {
            throw config.invalid("hidden_size", "is not a multiple of n_head (" + heads + ")");
        }
        if (config.flag("apply_residual_connection_post_layernorm", false)) {
            throw config.refused(
                    "apply_residual_connection_post_layernorm",
                    "is true, which this version does not compute and no published model has; choose another model");
        }
        NormSpec norm = new NormSpec(NormSpec.Kind.LAYER_NORM, (float) config.number("layer_norm_epsilon", 1e-5));
        AttentionSpec attention = new AttentionSpec(
                heads, heads, width / heads, Bias.ALWAYS, Bias.ALWAYS, new Positions.Alibi(), Optional.empty());
        FeedForwardSpec feedForward = new FeedForwardSpec.Plain(4 * width, Activation.GELU_TANH, Bias.ALWAYS);
        Block block = new Block(norm, NormPlace.BEFORE, Residual.SEQUENTIAL, attention, feedForward);
        return new ModelSpec(
                name(),
                width,
                new TokenTable(config.size("vocab_size", 250_880), width, Optional.of(norm)),
                LayerStack.of(block, config.size(2, "n_layer", "num_hidden_layers")),
                Optional.of(norm),
                new HeadSpec(config.flag("tie_word_embeddings", true), Bias.NONE),
                config.size("seq_length", 2048),
                config.token("bos_token_id", 1),
                config.tokens("eos_token_id", 2));
    }
}
