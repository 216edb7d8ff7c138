package dev.flexgen.engine;

import dev.flexgen.config.Activation;
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
import dev.flexgen.engine.plan.ActiveShares;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.ExpertUse;
import dev.flexgen.engine.store.PackedModel;
import dev.flexgen.engine.store.WeightsDigest;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.RandomRows;
import dev.flexgen.engine.weights.RowSource;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where a model's weights come from.
 *
 * @param types of its tensors
 * @param activeShare of the neurons after ReLU that a token needs; 1 if there is no ReLU
 * @param opener called once the plan has shown that there is room
 * @param packed the packed model that they are in, with what was counted when it ran; it holds one encoding and takes no other
 * @param digest tells them from other weights; computing it may take a second
 */
record WeightSource(
        StoredTypes types, double activeShare, Opener opener, Optional<PackedModel> packed, Supplier<String> digest) {

    /** Of the neurons of trained models with ReLU that a token needs, where nobody has counted: their papers say 3 to 10 %. */
    private static final double ACTIVE = 0.1;

    /** A random number is as often below zero as above. */
    private static final double RANDOM_ACTIVE = 0.5;

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

    /** How often experts were chosen before, if that is known. */
    Optional<ExpertUse> expertUse() {
        return packed.flatMap(PackedModel::expertUse);
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
            double active = model.activeShares().map(ActiveShares::mean).orElse(ACTIVE);
            return new WeightSource(
                    model,
                    activeShare(spec, active),
                    _ -> model.rows(),
                    Optional.of(model),
                    () -> WeightsDigest.of(folder));
        }
        var _ = options.mostContext(spec); // before any file of weights is opened
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            StoredTypes types = new KnownTypes(new ModelTensors(spec, checkpoint));
            return new WeightSource(
                    types,
                    activeShare(spec, ACTIVE),
                    pool -> rows(spec, Checkpoints.open(folder), pool),
                    Optional.empty(),
                    () -> WeightsDigest.of(folder));
        }
    }

    static WeightSource random(ModelSpec spec, RandomWeights weights) {
        ExecutionSupport.require(spec);
        return new WeightSource(
                new UniformTypes(spec, weights.dtype(), !spec.head().tied()),
                activeShare(spec, weights.activeNeurons() == 0 ? RANDOM_ACTIVE : weights.activeNeurons()),
                pool -> RandomRows.of(rows(spec, RandomModel.checkpoint(spec, weights), pool), weights.seed(), pool),
                Optional.empty(),
                () -> WeightsDigest.ofDescription(weights + " " + spec));
    }

    /** Options with the encoding that the weights have, if they take no other. */
    ModelOptions settled(ModelOptions options) {
        WeightType asked = options.weights();
        if (packed.isEmpty()) {
            return options;
        }
        WeightType held = WeightType.of(packed.get().encoding());
        if (asked == held) {
            return options;
        }
        if (asked != WeightType.AUTO && asked != WeightType.NATIVE) {
            throw EngineException.input("The packed model holds weights in " + held.label() + ", not in "
                    + asked.label() + "; leave out --weights, or pack the model in " + asked.label());
        }
        return options.withWeights(held);
    }

    /** A packed model can stay on the disk where it is. */
    Budget budget(Budget machine) {
        return packed.isEmpty() ? machine : machine.withDisk();
    }

    /** {@code share}, or if that is 0 what is known of trained models, as far as the model has ReLU. */
    static double activeShare(ModelSpec spec, double share) {
        boolean relu = ExecutionSupport.activation(spec.block(0)) == Activation.RELU;
        return relu ? (share == 0 ? ACTIVE : share) : 1;
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
