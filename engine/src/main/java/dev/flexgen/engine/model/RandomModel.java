package dev.flexgen.engine.model;

import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.RandomCheckpoint;
import dev.flexgen.engine.checkpoint.RandomCheckpoint.Drawn;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.model.TensorSpec.Need;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A model of random weights, to measure one that is not here: norms of 1, biases of 0, and feed-forward biases that leave the
 * wanted share of neurons active.
 */
public final class RandomModel {

    private RandomModel() {}

    /** A model of this spec, with a head tied to the token table unless its config says otherwise. */
    public static Checkpoint checkpoint(ModelSpec spec, RandomWeights weights) {
        return new RandomCheckpoint(tensors(spec, weights), weights);
    }

    /** What its checkpoint holds, by name: a tensor that several roles share is there once and whole. */
    static Map<String, Drawn> tensors(ModelSpec spec, RandomWeights weights) {
        TensorNames names = Families.named(spec.family()).tensors();
        Map<String, Drawn> tensors = new HashMap<>();
        for (TensorSpec tensor : spec.tensors()) {
            if (tensor.role().part() == ModelPart.HEAD && tensor.need() != Need.ALWAYS) {
                continue;
            }
            OptionalDouble constant = constant(tensor, spec, weights);
            for (int layer = tensor.firstLayer(); layer < tensor.endLayer(); layer++) {
                for (int expert = 0; expert < tensor.experts(); expert++) {
                    TensorRef place = names.usual(spec, tensor, layer, expert);
                    Drawn drawn = new Drawn(place.storedShape(tensor.shape()), constant);
                    Drawn shared = tensors.putIfAbsent(place.name(), drawn);
                    if (shared != null && !shared.equals(drawn)) {
                        throw new IllegalStateException(place.name() + " is " + shared + " for one role and " + drawn
                                + " for " + tensor.role());
                    }
                }
            }
        }
        return tensors;
    }

    private static OptionalDouble constant(TensorSpec tensor, ModelSpec spec, RandomWeights weights) {
        if (tensor.role().equals(ModelPart.UP.bias())) {
            return OptionalDouble.of(upBias(spec, weights));
        }
        if (tensor.shape().rank() > 1) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(tensor.role().param() == Param.WEIGHT ? 1 : 0);
    }

    /** A normed row of E unit numbers times E weights of deviation d has deviation d sqrt(E): shift by its quantile. */
    private static double upBias(ModelSpec spec, RandomWeights weights) {
        if (weights.activeNeurons() == 0) {
            return 0;
        }
        return -quantile(1 - weights.activeNeurons()) * RandomCheckpoint.DEVIATION * Math.sqrt(spec.width());
    }

    /** Of the standard normal distribution, by the logistic approximation: good to a per cent of the share. */
    private static double quantile(double share) {
        double low = -8;
        double high = 8;
        while (high - low > 1e-6) {
            double middle = (low + high) / 2;
            double below = 1 / (1 + Math.exp(-(0.07056 * Math.pow(middle, 3) + 1.5976 * middle)));
            if (below < share) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
