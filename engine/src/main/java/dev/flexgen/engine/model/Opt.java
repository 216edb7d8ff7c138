package dev.flexgen.engine.model;

import dev.flexgen.config.Activation;
import dev.flexgen.config.Quoted;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Block.Residual;
import java.util.Optional;
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

    private static final Positions POSITIONS = new Positions.Learned(2);
    private static final NormSpec NORM = new NormSpec(NormSpec.Kind.LAYER_NORM, 1e-5f);

    private static final String LAYER = "decoder.layers.{layer}.";

    private static final TensorNames NAMES = TensorNames.withPrefixes("model.")
            .part(ModelPart.TOKENS, "decoder.embed_tokens")
            .part(ModelPart.POSITIONS, "decoder.embed_positions")
            .part(ModelPart.PROJECT_IN, "decoder.project_in", "decoder.project_in_dim")
            .part(ModelPart.PROJECT_OUT, "decoder.project_out", "decoder.project_out_dim")
            .part(ModelPart.FINAL_NORM, "decoder.final_layer_norm", "decoder.layer_norm")
            .part(ModelPart.HEAD, "lm_head")
            .part(ModelPart.ATTENTION_NORM, LAYER + "self_attn_layer_norm")
            .part(ModelPart.QUERY, LAYER + "self_attn.q_proj")
            .part(ModelPart.KEY, LAYER + "self_attn.k_proj")
            .part(ModelPart.VALUE, LAYER + "self_attn.v_proj")
            .part(ModelPart.ATTENTION_OUT, LAYER + "self_attn.out_proj")
            .part(ModelPart.FFN_NORM, LAYER + "final_layer_norm")
            .part(ModelPart.UP, LAYER + "fc1")
            .part(ModelPart.DOWN, LAYER + "fc2")
            .build();

    @Override
    public String name() {
        return "opt";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        int width = config.size("hidden_size", 768);
        int heads = config.size("num_attention_heads", 12);
        if (width % heads != 0) {
            throw config.invalid("hidden_size", "is not a multiple of num_attention_heads (" + heads + ")");
        }
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
        boolean before = config.flag("do_layer_norm_before", true);
        return spec(
                dimensions,
                before,
                before && !config.flag("_remove_final_layer_norm", false),
                activation(config),
                config.flag("tie_word_embeddings", true),
                config.token("bos_token_id", 2),
                config.tokens("eos_token_id", 2));
    }

    /** Of the published shapes the one with projections, opt-350m, is also the one that normalises after the sum. */
    @Override
    public ModelSpec spec(Dimensions dimensions, Activation activation) {
        boolean before = dimensions.embedding() == dimensions.width();
        return spec(dimensions, before, before, activation, true, OptionalInt.of(2), Set.of(2));
    }

    private ModelSpec spec(
            Dimensions d,
            boolean normBefore,
            boolean finalNorm,
            Activation activation,
            boolean tied,
            OptionalInt beginToken,
            Set<Integer> endTokens) {
        Block block = new Block(
                NORM,
                normBefore ? NormPlace.BEFORE : NormPlace.AFTER,
                Residual.SEQUENTIAL,
                new AttentionSpec(
                        d.heads(),
                        d.keyHeads(),
                        d.headDim(),
                        Bias.IF_STORED,
                        Bias.IF_STORED,
                        POSITIONS,
                        Optional.empty()),
                new FeedForwardSpec.Plain(d.ffnWidth(), activation, Bias.IF_STORED));
        return new ModelSpec(
                name(),
                d.width(),
                new TokenTable(d.vocabulary(), d.embedding(), Optional.empty()),
                LayerStack.of(block, d.layers()),
                finalNorm ? Optional.of(NORM) : Optional.empty(),
                new HeadSpec(tied, Bias.NONE),
                d.positions(),
                beginToken,
                endTokens);
    }

    private static Activation activation(ConfigJson config) {
        String name = config.text("activation_function", "relu");
        return switch (name) {
            case "relu" -> Activation.RELU;
            case "gelu" -> Activation.GELU;
            default -> throw config.invalid("activation_function", "is " + Quoted.of(name) + ", not one of relu, gelu");
        };
    }
}
