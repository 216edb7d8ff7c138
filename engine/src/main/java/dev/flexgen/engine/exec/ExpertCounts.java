package dev.flexgen.engine.exec;

import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.ExpertUse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Counts how often the routers of each layer choose each expert. Owned by the engine's thread. */
final class ExpertCounts {

    private final long[][] chosen; // by layer, by expert
    private final int firstLayer;
    private long tokens;

    ExpertCounts(ModelSpec spec) {
        chosen = new long[spec.layers()][];
        int first = spec.layers();
        for (int layer = spec.layers() - 1; layer >= 0; layer--) {
            chosen[layer] = new long[spec.block(layer).feedForward().experts()];
            first = chosen[layer].length > 0 ? layer : first;
        }
        firstLayer = first;
    }

    /** What the tokens of a step chose in a layer. */
    void count(int layer, Routing routing, int rows) {
        if (layer == firstLayer) {
            tokens += rows;
        }
        for (int expert = 0; expert < chosen[layer].length; expert++) {
            chosen[layer][expert] += routing.of(expert).rows().length;
        }
    }

    /** What was counted; nothing of a model without experts. */
    Optional<ExpertUse> use() {
        if (tokens == 0) {
            return Optional.empty();
        }
        List<List<Long>> layers = new ArrayList<>();
        for (long[] experts : chosen) {
            layers.add(Arrays.stream(experts).boxed().toList());
        }
        return Optional.of(new ExpertUse(layers, tokens));
    }
}
