package dev.flexgen.engine.model;

import dev.flexgen.engine.tensor.DType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The types of a model's tensors, remembered when its checkpoint is closed. */
public final class KnownTypes implements StoredTypes {

    private final ModelSpec spec;
    private final boolean ownHead;
    private final Map<Role, List<DType>> types = new EnumMap<>(Role.class);

    public KnownTypes(StoredTypes open) {
        this.spec = open.spec();
        this.ownHead = open.hasOwnHead();
        for (Role role : Role.values()) {
            if (open.has(role)) {
                List<DType> ofLayers = new ArrayList<>();
                for (int layer = 0; layer < (role.perLayer() ? spec.layers() : 1); layer++) {
                    ofLayers.add(open.type(role, layer));
                }
                types.put(role, ofLayers);
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
        List<DType> ofLayers = types.get(role);
        if (ofLayers == null) {
            throw new IllegalArgumentException("the model has no " + role);
        }
        return ofLayers.get(layer);
    }

    @Override
    public boolean hasOwnHead() {
        return ownHead;
    }
}
