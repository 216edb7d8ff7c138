package dev.flexgen.engine;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.ThroughputEstimate;
import dev.flexgen.engine.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What opening a model took.
 *
 * @param weights element type of the largest tensors
 * @param heldBytes on each tier after loading, weights and activations
 * @param weightBytesPerToken bytes of weights that one decode step reads when every neuron is active
 * @param prediction how fast the plan can decode at best, if all it depends on was measured
 * @param notes sentences for the user about what is not as it could be
 */
public record LoadReport(
        double seconds,
        DType weights,
        Map<Tier, Long> heldBytes,
        long weightBytesPerToken,
        Optional<ThroughputEstimate> prediction,
        List<String> notes) {

    public LoadReport {
        heldBytes = Map.copyOf(heldBytes);
        notes = List.copyOf(notes);
    }
}
