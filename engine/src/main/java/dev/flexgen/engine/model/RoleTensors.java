package dev.flexgen.engine.model;

/** Stored tensors by what they are for. */
@FunctionalInterface
public interface RoleTensors {

    /** A tensor that is known to be there; layer 0 for those of the whole model. */
    RoleTensor get(Role role, int layer);
}
