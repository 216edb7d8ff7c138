package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.Shape;

/** Stored tensors by what they are for. */
public interface RoleTensors {

    /** A tensor that is known to be there; layer 0 for those of the whole model. */
    RoleTensor get(Role role, int layer);

    /** The tensor of one of several experts. */
    RoleTensor get(Role role, int layer, int expert);

    /** Of one such tensor, of whichever expert. */
    Shape shape(Role role, int layer);

    /** How many experts have such a tensor of their own in a layer; 1 for all other tensors. */
    int experts(Role role, int layer);
}
