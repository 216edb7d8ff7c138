package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.DType;
import java.util.Set;
import java.util.stream.Collectors;

/** A published model that need not be here: every tensor that its family may have, all stored in one type. */
public final class UniformTypes implements StoredTypes {

    private final ModelSpec spec;
    private final DType stored;
    private final boolean ownHead;
    private final Set<Role> roles;

    public UniformTypes(ModelSpec spec, DType stored, boolean ownHead) {
        this.spec = spec;
        this.stored = stored;
        this.ownHead = ownHead;
        this.roles = spec.tensors().stream().map(TensorSpec::role).collect(Collectors.toSet());
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public boolean has(Role role) {
        return roles.contains(role) && (role.part() != ModelPart.HEAD || ownHead);
    }

    @Override
    public DType type(Role role, int layer) {
        return stored;
    }

    @Override
    public boolean hasOwnHead() {
        return ownHead;
    }
}
