package dev.flexgen.engine.model;

import dev.flexgen.engine.model.FeedForwardSpec.Router;
import java.util.List;
import java.util.Optional;

/**
 * GLM-4.5, 4.6 and 4.7 with experts ({@code model_type} "glm4_moe").
 *
 * <p>Rotary positions by halves, in part of each head. The first layers have no experts; the others have a shared one beside those
 * that are chosen, by sigmoids to which stored numbers are added for choosing only. Files hold one layer more, which guesses
 * tokens ahead. Source: {@code modeling_glm4_moe.py} of transformers.
 */
final class Glm4Moe implements Family {

    private static final RmsDecoder.Defaults DEFAULTS = new RmsDecoder.Defaults(
            151_552, 4096, 10_944, 46, 96, 8, 131_072, 1e-5, 151_331, List.of(151_329, 151_336, 151_338));

    private static final String MLP = "layers.{layer}.mlp.";

    private static final TensorNames NAMES = RmsDecoder.expertNames()
            .tensor(new Role(ModelPart.ROUTER, Param.CORRECTION), MLP + "gate.e_score_correction_bias")
            .part(ModelPart.SHARED_GATE, MLP + "shared_experts.gate_proj")
            .part(ModelPart.SHARED_UP, MLP + "shared_experts.up_proj")
            .part(ModelPart.SHARED_DOWN, MLP + "shared_experts.down_proj")
            .build();

    @Override
    public String name() {
        return "glm4_moe";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public boolean hasFurtherLayers() {
        return true;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        RmsDecoder decoder = new RmsDecoder(name(), config, DEFAULTS, 0);
        Router router = new Router(
                Router.Scores.SIGMOID,
                true,
                config.size("n_group", 1),
                config.size("topk_group", 1),
                config.flag("norm_topk_prob", true),
                config.number("routed_scaling_factor", 1));
        int neurons = config.size("moe_intermediate_size", 1408);
        FeedForwardSpec dense = decoder.dense();
        FeedForwardSpec experts = FeedForwardSpec.Experts.of(
                config,
                config.size("n_routed_experts", 128),
                config.size("num_experts_per_tok", 8),
                decoder.gated(neurons),
                router,
                Optional.of(decoder.gated(neurons * config.size("n_shared_experts", 1))));
        int first = (int) config.number("first_k_dense_replace", 1);
        Bias bias = config.flag("attention_bias", false) ? Bias.ALWAYS : Bias.NONE;
        decoder.rotary(0.5, false).biases(bias, Bias.NONE).feedForward(layer -> layer < first ? dense : experts);
        return config.flag("use_qk_norm", false) ? decoder.headNorms().spec() : decoder.spec();
    }
}
