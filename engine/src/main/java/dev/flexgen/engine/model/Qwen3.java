package dev.flexgen.engine.model;

import java.util.List;

/**
 * Qwen3 without experts ({@code model_type} "qwen3").
 *
 * <p>Llama with heads of a width of their own, each of which is normed in queries and keys before it is turned. Source: {@code
 * modeling_qwen3.py} of transformers.
 */
final class Qwen3 implements Family {

    private static final RmsDecoder.Defaults DEFAULTS =
            new RmsDecoder.Defaults(151_936, 4096, 22_016, 32, 32, 32, 32_768, 1e-6, 151_643, List.of(151_645));

    private static final TensorNames NAMES = RmsDecoder.gatedNames().build();

    @Override
    public String name() {
        return "qwen3";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        Qwen2.refuseWindow(config);
        Bias bias = config.flag("attention_bias", false) ? Bias.ALWAYS : Bias.NONE;
        return new RmsDecoder(name(), config, DEFAULTS, 128)
                .rotary(1, false)
                .biases(bias, bias)
                .headNorms()
                .spec();
    }
}
