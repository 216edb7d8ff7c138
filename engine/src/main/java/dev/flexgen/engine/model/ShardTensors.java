package dev.flexgen.engine.model;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tensors of a model that one file of its checkpoint holds, each checked by its shape. Immutable; any thread. */
public final class ShardTensors implements StoredTypes, RoleTensors {

    /**
     * A tensor of the model.
     *
     * @param experts whose tensors the file holds; just 0 where there is but one
     */
    public record Place(TensorSpec spec, int layer, List<Integer> experts) {

        /** Whether the file holds those of all experts. */
        public boolean whole() {
            return experts.size() == spec.experts();
        }
    }

    private record Key(Role role, int layer) {}

    private final ModelSpec spec;
    private final List<Place> places = new ArrayList<>();
    private final Map<Key, Place> found = new HashMap<>();
    private final Map<Key, Map<Integer, RoleTensor>> tensors = new HashMap<>();

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
                Map<Integer, RoleTensor> experts = new HashMap<>();
                for (int expert = 0; expert < tensor.experts(); expert++) {
                    for (TensorRef ref : names.refs(spec, storedRole, layer, expert)) {
                        String name = stored.get(ref.name());
                        if (name != null && !experts.containsKey(expert)) {
                            experts.put(expert, ModelTensors.shaped(tensor, ref, name, shard));
                        }
                    }
                }
                if (!experts.isEmpty()) {
                    Place place = new Place(
                            tensor, layer, experts.keySet().stream().sorted().toList());
                    places.add(place);
                    found.put(new Key(role, layer), place);
                    tensors.put(new Key(role, layer), experts);
                }
            }
        }
    }

    /** All of them. */
    public List<Place> places() {
        return List.copyOf(places);
    }

    private Place place(Role role, int layer) {
        Place place = found.get(new Key(role, layer));
        if (place == null) {
            throw new IllegalArgumentException("the file does not hold " + role + " of layer " + layer);
        }
        return place;
    }

    @Override
    public RoleTensor get(Role role, int layer) {
        return get(role, layer, place(role, layer).experts().getFirst());
    }

    @Override
    public RoleTensor get(Role role, int layer, int expert) {
        RoleTensor tensor = tensors.getOrDefault(new Key(role, layer), Map.of()).get(expert);
        if (tensor == null) {
            throw new IllegalArgumentException(
                    "the file does not hold " + role + " of layer " + layer + ", expert " + expert);
        }
        return tensor;
    }

    @Override
    public Shape shape(Role role, int layer) {
        return place(role, layer).spec().shape();
    }

    @Override
    public int experts(Role role, int layer) {
        return place(role, layer).spec().experts();
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public boolean has(Role role) {
        return places.stream().anyMatch(place -> place.spec().role().equals(role));
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
