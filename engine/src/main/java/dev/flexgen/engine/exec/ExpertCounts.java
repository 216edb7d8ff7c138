package dev.flexgen.engine.exec;

import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.ExpertUse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Counts how often the routers of each layer choose each expert, in steps whose results are used: what a pass through the layers has
 * chosen counts when its step keeps it. Owned by the engine's thread.
 */
final class ExpertCounts {

    private final long[][] kept; // by layer, by expert
    private final long[][] chosen; // the same in the pass that runs, or ran last
    private final int firstLayer;
    private long keptTokens;
    private long tokens;

    ExpertCounts(ModelSpec spec) {
        kept = new long[spec.layers()][];
        int first = spec.layers();
        for (int layer = spec.layers() - 1; layer >= 0; layer--) {
            kept[layer] = new long[spec.block(layer).feedForward().experts()];
            first = kept[layer].length > 0 ? layer : first;
        }
        firstLayer = first;
        chosen = Arrays.stream(kept).map(long[]::clone).toArray(long[][]::new);
    }

    /** A pass begins; what another has chosen and nobody kept is forgotten. */
    void begin() {
        tokens = 0;
        for (long[] layer : chosen) {
            Arrays.fill(layer, 0);
        }
    }

    /** The pass's results are used. */
    void keep() {
        keptTokens += tokens;
        for (int layer = 0; layer < kept.length; layer++) {
            for (int expert = 0; expert < kept[layer].length; expert++) {
                kept[layer][expert] += chosen[layer][expert];
            }
        }
        begin();
    }

    /** What the tokens of the pass chose in a layer. */
    void count(int layer, Routing routing, int rows) {
        if (layer == firstLayer) {
            tokens += rows;
        }
        for (int expert = 0; expert < chosen[layer].length; expert++) {
            chosen[layer][expert] += routing.of(expert).rows().length;
        }
    }

    /** What was kept; nothing of a model without experts. */
    Optional<ExpertUse> use() {
        if (keptTokens == 0) {
            return Optional.empty();
        }
        List<List<Long>> layers = new ArrayList<>();
        for (long[] experts : kept) {
            layers.add(Arrays.stream(experts).boxed().toList());
        }
        return Optional.of(new ExpertUse(layers, keptTokens));
    }
}
