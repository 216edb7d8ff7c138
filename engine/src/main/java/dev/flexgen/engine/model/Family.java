package dev.flexgen.engine.model;

import dev.flexgen.config.Activation;

/**
 * An architecture as its checkpoints spell it: how its {@code config.json} becomes a {@link ModelSpec} and where its files
 * store the tensors of each {@link Role}. Stateless.
 */
public interface Family {

    /** The {@code model_type} of its config files. */
    String name();

    /**
     * Reads a config.
     *
     * @throws dev.flexgen.engine.base.EngineException if a key is missing, of the wrong type or asks for something unsupported
     */
    ModelSpec spec(ConfigJson config);

    /** The spec of a published model of which only the shape is known, to measure or plan without a config. */
    default ModelSpec spec(Dimensions dimensions, Activation activation) {
        return spec(dimensions.asConfig(""));
    }

    /** Whether files hold layers behind the last, for purposes of their own, that are not part of the model. */
    default boolean hasFurtherLayers() {
        return false;
    }

    /** Where its checkpoints store tensors. */
    TensorNames tensors();
}
