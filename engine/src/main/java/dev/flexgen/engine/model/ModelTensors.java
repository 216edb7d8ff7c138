package dev.flexgen.engine.model;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.QuantisedTensors;
import dev.flexgen.engine.model.TensorSpec.Need;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A checkpoint's tensors by role and layer, after a check that they are all there, shaped as the spec says.
 *
 * <p>Biases, norm weights and the head may be absent, by design of the model: then they are absent in every layer. A role that
 * only some layers have means that files are missing, and is an error. Immutable; any thread may ask.
 */
public final class ModelTensors implements StoredTypes, RoleTensors {

    private static final String WEIGHT = ".weight";

    private final ModelSpec spec;
    private final Checkpoint checkpoint;
    private final TensorNames names;
    private final Map<String, String> storedNames = new LinkedHashMap<>();
    private final Map<Role, List<TensorSpec>> specs = new LinkedHashMap<>();
    private final Set<Role> present = new HashSet<>();
    private final boolean ownHead;

    /**
     * Finds every role's tensors in {@code checkpoint}, by the names of the spec's family.
     *
     * @throws EngineException naming the first tensor that is missing or misshapen
     */
    public ModelTensors(ModelSpec spec, Checkpoint checkpoint) {
        this(spec, Families.named(spec.family()), checkpoint);
    }

    ModelTensors(ModelSpec spec, Family family, Checkpoint checkpoint) {
        this.spec = spec;
        this.checkpoint = checkpoint;
        this.names = family.tensors();
        for (String stored : checkpoint.names()) {
            storedNames.put(names.canonical(stored), stored);
        }
        claimListed();
        List<TensorSpec> tensors = spec.tensors();
        tensors.forEach(
                it -> specs.computeIfAbsent(it.role(), _ -> new ArrayList<>()).add(it));
        specs.forEach((role, everywhere) -> {
            if (isPresent(role, everywhere)) {
                present.add(role);
            }
        });
        requireAllNormsAlike(tensors);
        if (!family.hasFurtherLayers()) {
            requireNoFurtherLayer();
        }
        requireNoFurtherExpert();
        // Before anything is loaded, so that foreign weights are called that and not too large.
        tensors.stream().filter(tensor -> has(tensor.role())).forEach(this::requireShapes);
        this.ownHead = TiedHead.isOwn(this);
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public boolean has(Role role) {
        return present.contains(role);
    }

    @Override
    public DType type(Role role, int layer) {
        return get(role, layer).dtype();
    }

    /** Whether the head is a table of its own. Half of the published OPT files hold a copy of the token table in its place. */
    @Override
    public boolean hasOwnHead() {
        return ownHead;
    }

    /** A tensor that every model of the family has, or that {@link #find} would find. */
    @Override
    public RoleTensor get(Role role, int layer) {
        return get(role, layer, 0);
    }

    @Override
    public RoleTensor get(Role role, int layer, int expert) {
        return stored(spec(role, layer), layer, expert).orElseThrow(() -> missing(role, layer, expert));
    }

    @Override
    public int experts(Role role, int layer) {
        return spec(role, layer).experts();
    }

    @Override
    public Shape shape(Role role, int layer) {
        return spec(role, layer).shape();
    }

    private TensorSpec spec(Role role, int layer) {
        return specs.getOrDefault(role, List.of()).stream()
                .filter(it -> it.hasLayer(layer))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("layer " + layer + " has no " + role));
    }

    /** The tensor, unless the model is one without this role. */
    public Optional<RoleTensor> find(Role role, int layer) {
        return has(role) ? Optional.of(get(role, layer)) : Optional.empty();
    }

    /**
     * Tensors that an index lists and no file holds are missed only if a role needs them: one of two tied tables may be left
     * out of the files and forgotten in the index.
     */
    private void claimListed() {
        boolean table = isStored(ModelPart.TOKENS.weight(), 0, 0);
        boolean head = isStored(ModelPart.HEAD.weight(), 0, 0);
        Set<String> tied = new HashSet<>();
        if (spec.head().tied() && table) {
            tied.addAll(names.spellings(ModelPart.HEAD.weight(), 0, 0));
        }
        if (spec.head().tied() && head) {
            tied.addAll(names.spellings(ModelPart.TOKENS.weight(), 0, 0));
        }
        for (String listed : checkpoint.listedOnly()) {
            String canonical = names.canonical(listed);
            if (!tied.contains(canonical)) {
                storedNames.putIfAbsent(canonical, listed);
            }
        }
    }

    private boolean isPresent(Role role, List<TensorSpec> everywhere) {
        int start = everywhere.getFirst().firstLayer();
        boolean first = isStored(role, start, 0);
        requirePlain(role, start, 0);
        if (!first && everywhere.getFirst().need() == Need.ALWAYS) {
            throw missing(role, start, 0);
        }
        for (TensorSpec tensor : everywhere) {
            for (int layer = tensor.firstLayer(); layer < tensor.endLayer(); layer++) {
                for (int expert = 0; expert < tensor.experts(); expert++) {
                    requirePlain(role, layer, expert);
                    if (isStored(role, layer, expert) != first) {
                        throw first ? missing(role, layer, expert) : missing(role, start, 0);
                    }
                }
            }
        }
        return first;
    }

    /** Where one norm has weights, another without them is a file left out, not a plain norm. */
    private void requireAllNormsAlike(List<TensorSpec> tensors) {
        List<TensorSpec> norms = tensors.stream()
                .filter(tensor -> tensor.need() == Need.NORM && tensor.role().param() == Param.WEIGHT)
                .toList();
        if (norms.stream().anyMatch(norm -> has(norm.role()))) {
            norms.stream().filter(norm -> !has(norm.role())).findFirst().ifPresent(norm -> {
                throw missing(norm.role(), norm.firstLayer(), 0);
            });
        }
    }

    /** Quantised weights have tensors beside them, or in their place, that no role claims and all depends on. */
    private void requirePlain(Role role, int layer, int expert) {
        for (String name : role.param() == Param.WEIGHT ? names.spellings(role, layer, expert) : List.<String>of()) {
            String stem = name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
            QuantisedTensors.method(storedNames.keySet(), stem).ifPresent(method -> {
                throw EngineException.model(checkpoint.description() + ": the weights of " + stem + " are quantised by "
                        + method + ", which this version does not read; fetch the unquantised model");
            });
        }
    }

    /** A model cut short would run, and talk nonsense. */
    private void requireNoFurtherLayer() {
        if (isStored(ModelPart.UP.weight(), spec.layers(), 0)) {
            throw EngineException.model(checkpoint.description() + " has more layers than the " + spec.layers()
                    + " of config.json; config and weights belong to different models");
        }
    }

    /** Nor one that may choose only some of its experts. */
    private void requireNoFurtherExpert() {
        for (TensorSpec tensor : specs.getOrDefault(ModelPart.UP.weight(), List.of())) {
            boolean further = tensor.experts() > 1
                    && names.spellings(tensor.role(), tensor.firstLayer(), tensor.experts()).stream()
                            .filter(name -> !names.spellings(tensor.role(), tensor.firstLayer(), 0)
                                    .contains(name))
                            .anyMatch(storedNames::containsKey);
            if (further) {
                throw EngineException.model(checkpoint.description() + " has more experts than the " + tensor.experts()
                        + " of config.json; config and weights belong to different models");
            }
        }
    }

    private void requireShapes(TensorSpec tensor) {
        for (int layer = tensor.firstLayer(); layer < tensor.endLayer(); layer++) {
            for (int expert = 0; expert < tensor.experts(); expert++) {
                var _ = get(tensor.role(), layer, expert);
            }
        }
    }

    private boolean isStored(Role role, int layer, int expert) {
        return names.spellings(role, layer, expert).stream().anyMatch(storedNames::containsKey)
                || isTableStoredAsHead(role);
    }

    private Optional<RoleTensor> stored(TensorSpec tensor, int layer, int expert) {
        for (TensorRef ref : names.refs(spec, tensor.role(), layer, expert)) {
            String stored = storedNames.get(ref.name());
            if (stored != null) {
                return Optional.of(shaped(tensor, ref, stored, checkpoint));
            }
        }
        return isTableStoredAsHead(tensor.role())
                ? Optional.of(get(ModelPart.HEAD.weight(), layer, expert))
                : Optional.empty();
    }

    /** Tools that write one of two tied tensors may keep the head's name, which sorts first. */
    private boolean isTableStoredAsHead(Role role) {
        return role.equals(ModelPart.TOKENS.weight()) && spec.head().tied() && isStored(ModelPart.HEAD.weight(), 0, 0);
    }

    static RoleTensor shaped(TensorSpec spec, TensorRef ref, String name, Checkpoint checkpoint) {
        Tensor tensor = checkpoint.tensor(name);
        Shape wanted = spec.shape();
        RowSelection rows = ref.rows().orElseGet(() -> RowSelection.all(wanted.extent(0)));
        Shape expected = ref.storedShape(wanted);
        Shape actual = ref.rows().isEmpty() ? tensor.shape() : flat(tensor.shape(), wanted.rank());
        if (!actual.equals(expected)) {
            throw EngineException.model(checkpoint.description() + ": tensor " + name + " has shape " + tensor.shape()
                    + ", but by config.json it must have " + expected
                    + "; config and weights belong to different models");
        }
        return new RoleTensor(name, tensor, rows, wanted);
    }

    /** All axes but the last as one, or all as one for a vector. */
    private static Shape flat(Shape stored, int rank) {
        if (rank == 1 || stored.rank() < 2) {
            return Shape.of(stored.elements());
        }
        long columns = stored.extent(stored.rank() - 1);
        return Shape.of(columns == 0 ? 0 : stored.elements() / columns, columns);
    }

    private EngineException missing(Role role, int layer, int expert) {
        return EngineException.model(
                checkpoint.description() + ": tensor "
                        + names.usual(spec, spec(role, layer), layer, expert).name()
                        + " is missing; fetch or convert the model again, or check that its config.json belongs to these weights");
    }
}
