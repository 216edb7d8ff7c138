package dev.flexgen.engine.model;

import java.util.List;

/**
 * Llama 2 and 3 and what is built like them ({@code model_type} "llama").
 *
 * <p>Rotary positions over the whole head, by halves; from 3.1 on stretched for the slow turns ("llama3"). Biases only where the
 * config says so, which no published model does. Source: {@code modeling_llama.py} of transformers.
 */
final class Llama implements Family {

    private static final RmsDecoder.Defaults DEFAULTS =
            new RmsDecoder.Defaults(32_000, 4096, 11_008, 32, 32, 1 << 24, 2048, 1e-6, 1, List.of(2));

    private static final TensorNames NAMES = RmsDecoder.gatedNames().build();

    @Override
    public String name() {
        return "llama";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        if (config.flag("mlp_bias", false)) {
            throw config.refused(
                    "mlp_bias",
                    "asks for biases in gated networks, which this version does not compute; choose another model");
        }
        Bias bias = config.flag("attention_bias", false) ? Bias.ALWAYS : Bias.NONE;
        return new RmsDecoder(name(), config, DEFAULTS, 0)
                .rotary(1, false)
                .biases(bias, bias)
                .spec();
    }
}
