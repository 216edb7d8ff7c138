package dev.flexgen.engine.model;

import dev.flexgen.engine.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A checkpoint's tensors by role and layer, after a check that they are all there. A tensor's shape is checked when it
 * is taken.
 *
 * <p>Biases, norm weights and the head may be absent, by design of the model: then they are absent in every layer. A role that
 * only some layers have means that files are missing, and is an error.
 */
public final class ModelTensors {

    private final ModelSpec spec;
    private final Checkpoint checkpoint;
    private final Family family;
    private final Map<String, String> storedNames = new HashMap<>();
    private final Map<Role, Boolean> present = new EnumMap<>(Role.class);

    /**
     * Finds every role's tensors in {@code checkpoint}; shapes are checked as tensors are taken.
     *
     * @throws EngineException naming the first tensor that is missing
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
        requireAffineFinalNorm();
    }

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

    public boolean has(Role role) {
        return present.getOrDefault(role, false);
    }

    private boolean isPresent(Role role) {
        int layers = role.perLayer() ? spec.layers() : 1;
        int found = 0;
        int firstMissing = -1;
        for (int layer = 0; layer < layers; layer++) {
            if (storedNames.containsKey(name(role, layer))) {
                found++;
            } else if (firstMissing < 0) {
                firstMissing = layer;
            }
        }
        boolean mayLack = role.need() != Role.Need.ALWAYS && found == 0;
        if (found < layers && !mayLack) {
            throw missing(role, firstMissing);
        }
        return found > 0;
    }

    /** Where the layers' norms have weights, a final norm without them is a file left out, not a plain norm. */
    private void requireAffineFinalNorm() {
        if (spec.features().finalNorm() && has(Role.FFN_NORM_WEIGHT) && !has(Role.FINAL_NORM_WEIGHT)) {
            throw missing(Role.FINAL_NORM_WEIGHT, 0);
        }
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
        return EngineException.model(checkpoint.description() + ": tensor " + name(role, layer)
                + " is missing; fetch the model again, or check that config.json belongs to these weights");
    }
}
