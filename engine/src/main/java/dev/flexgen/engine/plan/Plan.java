package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import java.util.Collections;
import java.util.List;

/**
 * Which heads and neurons of every layer lie on which tier and are computed by which device. What is not cut (embeddings,
 * norms, the head) belongs to device 0.
 */
public record Plan(List<LayerPlan> layers) {

    public Plan {
        layers = List.copyOf(layers);
    }

    /** The whole model in one piece a layer, on device 0. */
    public static Plan onOneDevice(ModelSpec spec, Tier tier) {
        LayerPlan layer = new LayerPlan(
                List.of(new Shard(0, spec.keyHeads(), tier, 0)), List.of(new Shard(0, spec.ffnWidth(), tier, 0)));
        return new Plan(Collections.nCopies(spec.layers(), layer));
    }

    /**
     * Checks that the shards cover the model.
     *
     * @throws IllegalArgumentException if heads, neurons or layers are left over
     */
    public void check(ModelSpec spec) {
        if (layers.size() != spec.layers()) {
            throw new IllegalArgumentException("plan for " + layers.size() + " layers, model of " + spec.layers());
        }
        for (LayerPlan layer : layers) {
            if (layer.heads().getLast().to() != spec.keyHeads()
                    || layer.neurons().getLast().to() != spec.ffnWidth()) {
                throw new IllegalArgumentException("shards do not cover the layer: " + layer);
            }
        }
    }
}
