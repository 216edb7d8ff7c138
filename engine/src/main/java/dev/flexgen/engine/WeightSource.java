package dev.flexgen.engine;

import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.KnownTypes;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.RandomModel;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.tensor.DType;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Where a model's weights come from.
 *
 * @param types of its tensors
 * @param checkpoint opened once the plan has shown that there is room
 */
record WeightSource(StoredTypes types, Supplier<Checkpoint> checkpoint) {

    ModelSpec spec() {
        return types.spec();
    }

    /** Of the largest tensors. */
    DType dtype() {
        return types.type(ModelPart.UP.weight(), 0);
    }

    /**
     * A folder's.
     *
     * @throws dev.flexgen.engine.base.EngineException if it is damaged, of an unknown family, needs what this version does not
     *     compute, or cannot have the context asked for
     */
    static WeightSource in(Path folder, ModelOptions options) {
        ModelSpec spec = Families.read(folder);
        ExecutionSupport.require(spec);
        var _ = options.mostContext(spec); // before any file of weights is opened
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            StoredTypes types = new KnownTypes(new ModelTensors(spec, checkpoint));
            return new WeightSource(types, () -> Checkpoints.open(folder));
        }
    }

    static WeightSource random(ModelSpec spec, RandomWeights weights) {
        ExecutionSupport.require(spec);
        return new WeightSource(
                new UniformTypes(spec, weights.dtype(), !spec.head().tied()),
                () -> RandomModel.checkpoint(spec, weights));
    }
}
