package dev.flexgen.engine;

import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ExecutionSupport;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.KnownTypes;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.RandomModel;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.RandomRows;
import dev.flexgen.engine.weights.RowSource;
import java.nio.file.Path;

/**
 * Where a model's weights come from.
 *
 * @param types of its tensors
 * @param opener called once the plan has shown that there is room
 */
record WeightSource(StoredTypes types, Opener opener) {

    /** Opens the weights. */
    @FunctionalInterface
    interface Opener {

        /**
         * Opens them.
         *
         * @param pool of threads that may read and encode
         */
        RowSource open(WorkerPool pool);
    }

    ModelSpec spec() {
        return types.spec();
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
            return new WeightSource(types, pool -> rows(spec, Checkpoints.open(folder), pool));
        }
    }

    static WeightSource random(ModelSpec spec, RandomWeights weights) {
        ExecutionSupport.require(spec);
        return new WeightSource(
                new UniformTypes(spec, weights.dtype(), !spec.head().tied()),
                pool -> RandomRows.of(rows(spec, RandomModel.checkpoint(spec, weights), pool), weights.seed(), pool));
    }

    private static RowSource rows(ModelSpec spec, Checkpoint checkpoint, WorkerPool pool) {
        try {
            return new CheckpointRows(new ModelTensors(spec, checkpoint), checkpoint::close, pool);
        } catch (Throwable e) {
            checkpoint.close();
            throw e;
        }
    }
}
