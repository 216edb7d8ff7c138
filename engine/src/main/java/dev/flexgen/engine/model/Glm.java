package dev.flexgen.engine.model;

import java.util.List;

/**
 * GLM-4-9B in its {@code -hf} form and GLM-Edge ({@code model_type} "glm").
 *
 * <p>Llama with rotary positions over neighbours, in half of each head unless the config says otherwise; gate and up projection are
 * one tensor, the gate first. Source: {@code modeling_glm.py} of transformers.
 */
final class Glm implements Family {

    private static final RmsDecoder.Defaults DEFAULTS = new RmsDecoder.Defaults(
            151_552, 4096, 13_696, 40, 32, 2, 131_072, 1.5625e-07, 151_331, List.of(151_329, 151_336, 151_338));

    private static final TensorNames NAMES = RmsDecoder.names()
            .rows(ModelPart.GATE, "layers.{layer}.mlp.gate_up_proj", (spec, _, _) -> half(spec, 0))
            .rows(ModelPart.UP, "layers.{layer}.mlp.gate_up_proj", (spec, _, _) -> half(spec, 1))
            .part(ModelPart.DOWN, "layers.{layer}.mlp.down_proj")
            .build();

    private static RowSelection half(ModelSpec spec, int which) {
        long neurons = spec.ffnWidth();
        return RowSelection.range(2 * neurons, which * neurons, neurons);
    }

    @Override
    public String name() {
        return "glm";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        Bias bias = config.flag("attention_bias", true) ? Bias.ALWAYS : Bias.NONE;
        return new RmsDecoder(name(), config, DEFAULTS, 128)
                .rotary(0.5, true)
                .biases(bias, Bias.NONE)
                .spec();
    }
}
