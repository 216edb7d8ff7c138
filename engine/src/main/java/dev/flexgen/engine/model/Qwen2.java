package dev.flexgen.engine.model;

import java.util.List;

/**
 * Qwen2 and Qwen2.5 ({@code model_type} "qwen2").
 *
 * <p>Llama with biases of queries, keys and values. A window is stated in most files and switched off in all published ones;
 * where it is on, only some layers have it, which is refused. Source: {@code modeling_qwen2.py} of transformers.
 */
final class Qwen2 implements Family {

    private static final RmsDecoder.Defaults DEFAULTS =
            new RmsDecoder.Defaults(151_936, 4096, 22_016, 32, 32, 32, 32_768, 1e-6, 151_643, List.of(151_643));

    private static final TensorNames NAMES = RmsDecoder.gatedNames().build();

    @Override
    public String name() {
        return "qwen2";
    }

    @Override
    public TensorNames tensors() {
        return NAMES;
    }

    @Override
    public ModelSpec spec(ConfigJson config) {
        refuseWindow(config);
        return new RmsDecoder(name(), config, DEFAULTS, 0)
                .rotary(1, false)
                .biases(Bias.ALWAYS, Bias.NONE)
                .spec();
    }

    static void refuseWindow(ConfigJson config) {
        if (config.flag("use_sliding_window", false)) {
            throw config.refused(
                    "use_sliding_window",
                    "asks for a window in some of the layers, which this version does not compute; choose another model");
        }
    }
}
