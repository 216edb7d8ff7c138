package dev.flexgen.engine;

import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.RandomModel;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Where a model's weights come from.
 *
 * @param dtype of the largest tensors
 * @param ownHead whether the head is a table of its own
 * @param checkpoint opened once the plan has shown that there is room
 */
record WeightSource(ModelSpec spec, DType dtype, boolean ownHead, Supplier<Checkpoint> checkpoint) {

    /**
     * A folder's.
     *
     * @throws dev.flexgen.engine.base.EngineException if it is damaged, of an unknown family, or cannot have the context asked for
     */
    static WeightSource in(Path folder, ModelOptions options) {
        ModelSpec spec = Families.read(folder);
        var _ = options.mostContext(spec); // before any file of weights is opened
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            ModelTensors tensors = new ModelTensors(spec, checkpoint);
            DType dtype = tensors.get(Role.UP_WEIGHT, 0).dtype();
            return new WeightSource(spec, dtype, tensors.hasOwnHead(), () -> Checkpoints.open(folder));
        }
    }

    static WeightSource random(ModelSpec spec, RandomWeights weights) {
        return new WeightSource(spec, weights.dtype(), false, () -> RandomModel.checkpoint(spec, weights));
    }
}
