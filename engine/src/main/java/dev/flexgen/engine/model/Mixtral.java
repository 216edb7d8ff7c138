package dev.flexgen.engine.model;

import dev.flexgen.engine.model.FeedForwardSpec.Router;
import java.util.List;
import java.util.Optional;

/**
 * Mixtral 8x7B and 8x22B ({@code model_type} "mixtral").
 *
 * <p>Mistral whose layers all have experts, two of eight for a token; the weights of the two sum to 1. Of an expert's matrices w1
 * is the gate, w3 the up and w2 the down projection. Source: {@code modeling_mixtral.py} of transformers.
 */
final class Mixtral implements Family {

    private static final RmsDecoder.Defaults DEFAULTS =
            new RmsDecoder.Defaults(32_000, 4096, 14_336, 32, 32, 8, 131_072, 1e-5, 1, List.of(2));

    private static final String MIXTURE = "layers.{layer}.block_sparse_moe.";

    private static final TensorNames NAMES = RmsDecoder.names()
            .part(ModelPart.ROUTER, MIXTURE + "gate")
            .part(ModelPart.GATE, MIXTURE + "experts.{expert}.w1")
            .part(ModelPart.UP, MIXTURE + "experts.{expert}.w3")
            .part(ModelPart.DOWN, MIXTURE + "experts.{expert}.w2")
            .build();

    @Override
    public String name() {
        return "mixtral";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        RmsDecoder decoder = new RmsDecoder(name(), config, DEFAULTS, 0);
        Router router = new Router(Router.Scores.SOFTMAX, false, 1, 1, true, 1);
        FeedForwardSpec experts = FeedForwardSpec.Experts.of(
                config,
                config.size("num_local_experts", 8),
                config.size("num_experts_per_tok", 2),
                decoder.dense(),
                router,
                Optional.empty());
        return decoder.rotary(1, false)
                .window(Mistral.window(config, 0))
                .feedForward(_ -> experts)
                .spec();
    }
}
