package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.DType;

/** What is known of a model's weights without their numbers: enough to lay them out and to plan. */
public interface StoredTypes {

    ModelSpec spec();

    /** Whether the model has this tensor, in every layer that can have it. */
    boolean has(Role role);

    /** The element type in which a tensor that it has is stored. */
    DType type(Role role, int layer);

    /** Whether the head is a table of its own and not the token table. */
    boolean hasOwnHead();
}
