package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.DType;

/** A published model that need not be here: every tensor that its family may have, all stored in one type. */
public record UniformTypes(ModelSpec spec, DType stored, boolean hasOwnHead) implements StoredTypes {

    @Override
    public boolean has(Role role) {
        return role == Role.HEAD ? hasOwnHead : role.belongsTo(spec);
    }

    @Override
    public DType type(Role role, int layer) {
        return stored;
    }
}
