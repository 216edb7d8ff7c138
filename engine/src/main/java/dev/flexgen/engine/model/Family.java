package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.Activation;

/**
 * An architecture as its checkpoints spell it: how its {@code config.json} becomes a {@link ModelSpec} and under which names
 * its files store each {@link Role}. Stateless.
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
    ModelSpec spec(Dimensions dimensions, Activation activation);

    /** The canonical tensor name, with {@code {}} for the layer's number. */
    String tensorName(Role role);

    /** A stored name without what differs between conversions; canonical names come back as they are. */
    String canonical(String storedName);
}
