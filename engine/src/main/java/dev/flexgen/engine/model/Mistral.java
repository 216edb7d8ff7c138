package dev.flexgen.engine.model;

import java.util.List;

/**
 * Mistral 7B, Nemo and Small ({@code model_type} "mistral").
 *
 * <p>Llama with a window: a token sees itself and the {@code sliding_window - 1} before it, in every layer. Without the key the
 * window is 4096; {@code null} means that there is none. Source: {@code modeling_mistral.py} of transformers.
 */
final class Mistral implements Family {

    private static final RmsDecoder.Defaults DEFAULTS =
            new RmsDecoder.Defaults(32_000, 4096, 14_336, 32, 32, 8, 131_072, 1e-6, 1, List.of(2));

    private static final TensorNames NAMES = RmsDecoder.gatedNames().build();

    @Override
    public String name() {
        return "mistral";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        return new RmsDecoder(name(), config, DEFAULTS, 0)
                .rotary(1, false)
                .window(window(config, 4096))
                .spec();
    }

    /** @param absent where the key is not there at all */
    static int window(ConfigJson config, int absent) {
        return config.has("sliding_window") ? config.size("sliding_window", 0) : absent;
    }
}
