package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.EncodingSupport;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import java.util.List;

/** Checks that every device of a plan can compute with the weights that it gets, before any of them is loaded. */
record SupportCheck(WeightEncodings encodings, List<Device> devices) {

    /** @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT for the first combination that is missing */
    void require(Plan plan) {
        EncodingSupport.require(
                devices.get(plan.embeddingDevice()), Operation.EMBED, encodings.of(ModelPart.TOKENS.weight(), 0));
        plan.forEach((id, shard) -> {
            switch (id.component()) {
                case HEADS -> {
                    HeadsLayout layout = HeadsLayout.of(encodings, shard, id.layer());
                    require(shard, Operation.UP, layout.query(), layout.key(), layout.value());
                    require(shard, Operation.DOWN, layout.out());
                }
                case UP ->
                    require(
                            shard,
                            Operation.UP,
                            ProjectionLayout.up(encodings, shard, id.layer()).matrix());
                case DOWN ->
                    require(
                            shard,
                            Operation.DOWN,
                            ProjectionLayout.down(encodings, shard, id.layer()).matrix());
                case VOCABULARY ->
                    require(
                            shard,
                            Operation.UP,
                            ProjectionLayout.vocabulary(encodings, shard).matrix());
            }
        });
    }

    private void require(Shard shard, Operation operation, MatrixLayout... matrices) {
        for (MatrixLayout matrix : matrices) {
            EncodingSupport.require(devices.get(shard.device()), operation, matrix.encoding());
            EncodingSupport.require(devices.get(shard.prefillDevice()), operation, matrix.encoding());
        }
    }
}
