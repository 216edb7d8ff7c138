package dev.flexgen.engine.model;

import dev.flexgen.engine.model.FeedForwardSpec.Router;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Qwen3 with experts: 30B-A3B, 235B-A22B, Coder ({@code model_type} "qwen3_moe").
 *
 * <p>Qwen3's attention. A layer has experts unless {@code mlp_only_layers} names it or {@code decoder_sparse_step} passes it over.
 * Source: {@code modeling_qwen3_moe.py} of transformers, which since version 5 spells {@code num_experts} in another way.
 */
final class Qwen3Moe implements Family {

    private static final RmsDecoder.Defaults DEFAULTS =
            new RmsDecoder.Defaults(151_936, 2048, 6144, 24, 32, 4, 32_768, 1e-6, 151_643, List.of(151_645));

    private static final TensorNames NAMES = RmsDecoder.expertNames().build();

    @Override
    public String name() {
        return "qwen3_moe";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        Qwen2.refuseWindow(config);
        RmsDecoder decoder = new RmsDecoder(name(), config, DEFAULTS, 0);
        Router router = new Router(Router.Scores.SOFTMAX, false, 1, 1, config.flag("norm_topk_prob", false), 1);
        FeedForwardSpec dense = decoder.dense();
        FeedForwardSpec experts = FeedForwardSpec.Experts.of(
                config,
                config.size(128, "num_experts", "num_local_experts"),
                config.size("num_experts_per_tok", 8),
                decoder.gated(config.size("moe_intermediate_size", 768)),
                router,
                Optional.empty());
        Set<Integer> without = config.sizes("mlp_only_layers");
        int step = config.size("decoder_sparse_step", 1);
        Bias bias = config.flag("attention_bias", false) ? Bias.ALWAYS : Bias.NONE;
        return decoder.rotary(1, false)
                .biases(bias, bias)
                .headNorms()
                .feedForward(layer -> without.contains(layer) || (layer + 1) % step != 0 ? dense : experts)
                .spec();
    }
}
