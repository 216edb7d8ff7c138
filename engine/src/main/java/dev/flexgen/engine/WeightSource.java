package dev.flexgen.engine;

import dev.flexgen.engine.base.EngineException;
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
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.store.PackedModel;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.RandomRows;
import dev.flexgen.engine.weights.RowSource;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a model's weights come from.
 *
 * @param types of its tensors
 * @param opener called once the plan has shown that there is room
 * @param packed the encoding of a packed model, which takes no other
 */
record WeightSource(StoredTypes types, Opener opener, Optional<WeightType> packed) {

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
        if (PackedModel.isIn(folder)) {
            PackedModel model = PackedModel.in(folder);
            return new WeightSource(model, _ -> model.rows(), Optional.of(WeightType.of(model.encoding())));
        }
        var _ = options.mostContext(spec); // before any file of weights is opened
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            StoredTypes types = new KnownTypes(new ModelTensors(spec, checkpoint));
            return new WeightSource(types, pool -> rows(spec, Checkpoints.open(folder), pool), Optional.empty());
        }
    }

    static WeightSource random(ModelSpec spec, RandomWeights weights) {
        ExecutionSupport.require(spec);
        return new WeightSource(
                new UniformTypes(spec, weights.dtype(), !spec.head().tied()),
                pool -> RandomRows.of(rows(spec, RandomModel.checkpoint(spec, weights), pool), weights.seed(), pool),
                Optional.empty());
    }

    /** Options with the encoding that the weights have, if they take no other. */
    ModelOptions settled(ModelOptions options) {
        WeightType asked = options.weights();
        if (packed.isEmpty() || asked == packed.get()) {
            return options;
        }
        if (asked != WeightType.AUTO && asked != WeightType.NATIVE) {
            throw EngineException.input(
                    "The packed model holds weights in " + packed.get().label() + ", not in " + asked.label()
                            + "; leave out --weights, or pack the model in " + asked.label());
        }
        return options.withWeights(packed.get());
    }

    /** A packed model can stay on the disk where it is. */
    Budget budget(Budget machine) {
        return packed.isEmpty() ? machine : machine.withDisk();
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
