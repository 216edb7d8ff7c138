package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.DType;
import java.util.HashMap;
import java.util.Map;

/** The types of a model's tensors, remembered when its checkpoint is closed. */
public final class KnownTypes implements StoredTypes {

    private final ModelSpec spec;
    private final boolean ownHead;
    private final Map<Role, Map<Integer, DType>> types = new HashMap<>();

    public KnownTypes(StoredTypes open) {
        this.spec = open.spec();
        this.ownHead = open.hasOwnHead();
        for (TensorSpec tensor : spec.tensors()) {
            Role role = tensor.role();
            for (int layer = tensor.firstLayer(); open.has(role) && layer < tensor.endLayer(); layer++) {
                types.computeIfAbsent(role, _ -> new HashMap<>()).put(layer, open.type(role, layer));
            }
        }
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public boolean has(Role role) {
        return types.containsKey(role);
    }

    @Override
    public DType type(Role role, int layer) {
        DType type = types.getOrDefault(role, Map.of()).get(layer);
        if (type == null) {
            throw new IllegalArgumentException("layer " + layer + " has no " + role);
        }
        return type;
    }

    @Override
    public boolean hasOwnHead() {
        return ownHead;
    }
}
