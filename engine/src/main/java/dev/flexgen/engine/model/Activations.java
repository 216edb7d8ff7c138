package dev.flexgen.engine.model;

import dev.flexgen.config.Activation;
import dev.flexgen.config.Quoted;

/** Activations as configs spell them. */
final class Activations {

    private Activations() {}

    /** The one that {@code key} names. */
    static Activation of(ConfigJson config, String key, String absent) {
        String name = config.text(key, absent);
        return switch (name) {
            case "relu" -> Activation.RELU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_fast", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
            case "silu", "swish" -> Activation.SILU;
            default ->
                throw config.invalid(
                        key, "is " + Quoted.of(name) + ", not one of relu, gelu, gelu_new, gelu_pytorch_tanh, silu");
        };
    }
}
