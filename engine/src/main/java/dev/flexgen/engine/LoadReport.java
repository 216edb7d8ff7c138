package dev.flexgen.engine;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.tensor.DType;
import java.util.Map;

/**
 * What opening a model took.
 *
 * @param weights element type of the largest tensors
 * @param heldBytes on each tier after loading, weights and activations
 * @param weightBytesPerToken bytes of weights that one decode step reads when every neuron is active
 */
public record LoadReport(double seconds, DType weights, Map<Tier, Long> heldBytes, long weightBytesPerToken) {

    public LoadReport {
        heldBytes = Map.copyOf(heldBytes);
    }
}
