package dev.flexgen.engine.model;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A checkpoint's tensors by role and layer, after a check that they are all there, shaped as the spec says.
 *
 * <p>Biases, norm weights and the head may be absent, by design of the model: then they are absent in every layer. A role that
 * only some layers have means that files are missing, and is an error.
 */
public final class ModelTensors implements StoredTypes {

    private static final Set<Role> NORM_WEIGHTS =
            EnumSet.of(Role.ATTENTION_NORM_WEIGHT, Role.FFN_NORM_WEIGHT, Role.FINAL_NORM_WEIGHT);

    private final ModelSpec spec;
    private final Checkpoint checkpoint;
    private final Family family;
    private final Map<String, String> storedNames = new HashMap<>();
    private final Map<Role, Boolean> present = new EnumMap<>(Role.class);

    /**
     * Finds every role's tensors in {@code checkpoint}.
     *
     * @throws EngineException naming the first tensor that is missing or misshapen
     */
    public ModelTensors(ModelSpec spec, Checkpoint checkpoint) {
        this.spec = spec;
        this.checkpoint = checkpoint;
        this.family = Families.named(spec.family());
        for (String stored : checkpoint.names()) {
            storedNames.put(family.canonical(stored), stored);
        }
        for (Role role : Role.values()) {
            present.put(role, role.belongsTo(spec) && isPresent(role));
        }
        requireAllNormsAlike();
        requireNoFurtherLayer();
        requireShapes();
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    /** A tensor that every model of the family has, or that {@link #find} would find. */
    public Tensor get(Role role, int layer) {
        return find(role, layer).orElseThrow(() -> missing(role, layer));
    }

    /** The tensor, unless the model is one without this role. */
    public Optional<Tensor> find(Role role, int layer) {
        if (!has(role)) {
            return Optional.empty();
        }
        String stored = storedNames.get(name(role, layer));
        return stored == null ? Optional.empty() : Optional.of(shaped(role, stored));
    }

    /** Whether the head is a table of its own. Half of the published OPT files hold a copy of the token table in its place. */
    @Override
    public boolean hasOwnHead() {
        return has(Role.HEAD)
                && get(Role.HEAD, 0).data().mismatch(get(Role.TOKENS, 0).data()) >= 0;
    }

    @Override
    public boolean has(Role role) {
        return present.getOrDefault(role, false);
    }

    @Override
    public DType type(Role role, int layer) {
        return get(role, layer).dtype();
    }

    private boolean isPresent(Role role) {
        boolean first = isStored(role, 0);
        if (!first && role.need() == Role.Need.ALWAYS) {
            throw missing(role, 0);
        }
        for (int layer = 1; role.perLayer() && layer < spec.layers(); layer++) {
            if (isStored(role, layer) != first) {
                throw missing(role, first ? layer : 0);
            }
        }
        return first;
    }

    /** Where one norm has weights, another without them is a file left out, not a plain norm. */
    private void requireAllNormsAlike() {
        boolean affine = NORM_WEIGHTS.stream().anyMatch(this::has);
        for (Role role : NORM_WEIGHTS) {
            if (affine && role.belongsTo(spec) && !has(role)) {
                throw missing(role, 0);
            }
        }
    }

    /** A model cut short would run, and talk nonsense. */
    private void requireNoFurtherLayer() {
        if (isStored(Role.UP_WEIGHT, spec.layers())) {
            throw EngineException.model(checkpoint.description() + " has more layers than the " + spec.layers()
                    + " of config.json; config and weights belong to different models");
        }
    }

    /** Before anything is loaded, so that foreign weights are called that and not too large. */
    private void requireShapes() {
        for (Role role : Role.values()) {
            for (int layer = 0; has(role) && layer < (role.perLayer() ? spec.layers() : 1); layer++) {
                get(role, layer);
            }
        }
    }

    private boolean isStored(Role role, int layer) {
        return storedNames.containsKey(name(role, layer));
    }

    private Tensor shaped(Role role, String stored) {
        Tensor tensor = checkpoint.tensor(stored);
        Shape expected = role.shape(spec);
        if (!tensor.shape().equals(expected)) {
            throw EngineException.model(checkpoint.description() + ": tensor " + stored + " has shape " + tensor.shape()
                    + ", but by config.json it must have " + expected
                    + "; config and weights belong to different models");
        }
        return tensor;
    }

    private String name(Role role, int layer) {
        return family.tensorName(role).replace("{}", Integer.toString(layer));
    }

    private EngineException missing(Role role, int layer) {
        return EngineException.model(
                checkpoint.description() + ": tensor " + name(role, layer)
                        + " is missing; fetch or convert the model again, or check that its config.json belongs to these weights");
    }
}
