package dev.flexgen.engine.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Under which names the checkpoints of a family store the tensors of each role, and which rows of them. A role may have several
 * spellings, the usual one first. In names, {@code {layer}} and {@code {expert}} stand for numbers. Immutable.
 */
public final class TensorNames {

    /** Rows of a stored tensor that belong to one role. */
    @FunctionalInterface
    public interface Rows {
        RowSelection of(ModelSpec spec, int layer, int expert);
    }

    private record Source(String name, @Nullable Rows rows) {
        String name(int layer, int expert) {
            return name.replace("{layer}", Integer.toString(layer)).replace("{expert}", Integer.toString(expert));
        }
    }

    private final List<String> prefixes;
    private final Map<Role, List<Source>> sources;

    private TensorNames(List<String> prefixes, Map<Role, List<Source>> sources) {
        this.prefixes = prefixes;
        this.sources = sources;
    }

    /**
     * Starts a table of names.
     *
     * @param prefixes that some files put in front of every name, longest first
     */
    public static Builder withPrefixes(String... prefixes) {
        return new Builder(List.of(prefixes));
    }

    /** A stored name without a prefix that comes and goes. */
    public String canonical(String stored) {
        for (String prefix : prefixes) {
            if (stored.startsWith(prefix)) {
                return stored.substring(prefix.length());
            }
        }
        return stored;
    }

    /** Every name that a role's tensor may have, the usual one first; none if the family has no such role. */
    public List<String> spellings(Role role, int layer, int expert) {
        return sources(role).stream().map(source -> source.name(layer, expert)).toList();
    }

    /** Every place where a role's tensor may be stored, the usual one first. */
    public List<TensorRef> refs(ModelSpec spec, Role role, int layer, int expert) {
        return sources(role).stream()
                .map(source -> new TensorRef(
                        source.name(layer, expert),
                        Optional.ofNullable(source.rows()).map(rows -> rows.of(spec, layer, expert))))
                .toList();
    }

    /** The usual place: of the places in layers with experts and in layers without, the one that this layer has. */
    TensorRef usual(ModelSpec spec, TensorSpec tensor, int layer, int expert) {
        List<TensorRef> all = refs(spec, tensor.role(), layer, expert);
        return tensor.experts() > 1 ? all.getLast() : all.getFirst();
    }

    /** Whether a canonical name is one of the family's, of the whole model or of its first layer. */
    public boolean isKnown(String canonical) {
        return sources.values().stream()
                .flatMap(List::stream)
                .anyMatch(source -> source.name(0, 0).equals(canonical));
    }

    private List<Source> sources(Role role) {
        return sources.getOrDefault(role, List.of());
    }

    /** Collects the names of a family. */
    public static final class Builder {
        private final List<String> prefixes;
        private final Map<Role, List<Source>> sources = new HashMap<>();

        private Builder(List<String> prefixes) {
            this.prefixes = prefixes;
        }

        /** A part's weight and bias: each of {@code stems}, then {@code .weight} or {@code .bias}. */
        public Builder part(ModelPart part, String... stems) {
            for (String stem : stems) {
                rows(part, stem, null);
            }
            return this;
        }

        /** A part whose weight and bias are rows of tensors that it shares with other parts. */
        public Builder rows(ModelPart part, String stem, @Nullable Rows rows) {
            add(part.weight(), new Source(stem + ".weight", rows));
            add(part.bias(), new Source(stem + ".bias", rows));
            return this;
        }

        /** A tensor whose name does not end as usual. */
        public Builder tensor(Role role, String name) {
            add(role, new Source(name, null));
            return this;
        }

        private void add(Role role, Source source) {
            sources.computeIfAbsent(role, _ -> new ArrayList<>()).add(source);
        }

        public TensorNames build() {
            return new TensorNames(prefixes, Map.copyOf(sources));
        }
    }
}
