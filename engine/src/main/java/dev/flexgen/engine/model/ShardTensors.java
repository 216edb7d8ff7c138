package dev.flexgen.engine.model;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tensors of a model that one file of its checkpoint holds, each checked by its shape. Immutable; any thread. */
public final class ShardTensors implements StoredTypes, RoleTensors {

    /** A tensor of the model. */
    public record Place(TensorSpec spec, int layer) {}

    private record Key(Role role, int layer) {}

    private final ModelSpec spec;
    private final List<Place> places = new ArrayList<>();
    private final Map<Key, RoleTensor> tensors = new LinkedHashMap<>();

    /**
     * Finds them.
     *
     * @param all names of tensors in all files
     * @throws EngineException naming the first tensor that is misshapen
     */
    public ShardTensors(ModelSpec spec, Set<String> all, Checkpoint shard) {
        this.spec = spec;
        TensorNames names = Families.named(spec.family()).tensors();
        Map<String, String> stored = new HashMap<>();
        shard.names().forEach(name -> stored.put(names.canonical(name), name));
        Set<String> everywhere = new HashSet<>();
        all.forEach(name -> everywhere.add(names.canonical(name)));
        boolean tableAsHead = spec.head().tied()
                && names.spellings(ModelPart.TOKENS.weight(), 0, 0).stream().noneMatch(everywhere::contains);
        for (TensorSpec tensor : spec.tensors()) {
            Role role = tensor.role();
            if (tableAsHead && role.equals(ModelPart.HEAD.weight())) {
                continue;
            }
            // Tools that write one of two tied tensors may keep the head's name.
            Role storedRole = tableAsHead && role.equals(ModelPart.TOKENS.weight()) ? ModelPart.HEAD.weight() : role;
            for (int layer = tensor.firstLayer(); layer < tensor.endLayer(); layer++) {
                for (TensorRef ref : names.refs(spec, storedRole, layer, 0)) {
                    String name = stored.get(ref.name());
                    if (name != null && !tensors.containsKey(new Key(role, layer))) {
                        tensors.put(new Key(role, layer), ModelTensors.shaped(tensor, ref, name, shard));
                        places.add(new Place(tensor, layer));
                    }
                }
            }
        }
    }

    /** All of them. */
    public List<Place> places() {
        return List.copyOf(places);
    }

    @Override
    public RoleTensor get(Role role, int layer) {
        RoleTensor tensor = tensors.get(new Key(role, layer));
        if (tensor == null) {
            throw new IllegalArgumentException("the file does not hold " + role + " of layer " + layer);
        }
        return tensor;
    }

    @Override
    public RoleTensor get(Role role, int layer, int expert) {
        return get(role, layer);
    }

    /** Models with experts are not packed file by file. */
    @Override
    public int experts(Role role, int layer) {
        return 1;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public boolean has(Role role) {
        return tensors.keySet().stream().anyMatch(key -> key.role().equals(role));
    }

    @Override
    public DType type(Role role, int layer) {
        return get(role, layer).dtype();
    }

    /** One file does not tell. */
    @Override
    public boolean hasOwnHead() {
        return has(ModelPart.HEAD.weight());
    }
}
