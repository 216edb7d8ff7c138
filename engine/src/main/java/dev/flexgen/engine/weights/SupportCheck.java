package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.EncodingSupport;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.quant.Encoding;
import java.util.List;

/** Checks that every device of a plan can compute with the weights that it gets, before any of them is loaded. */
record SupportCheck(ModelTensors tensors, List<Device> devices) {

    /** @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT for the first combination that is missing */
    void require(Plan plan) {
        Device home = devices.getFirst();
        Encoding tokens = encoding(Role.TOKENS);
        EncodingSupport.require(home, Operation.EMBED, tokens);
        EncodingSupport.require(home, Operation.UP, tensors.hasOwnHead() ? encoding(Role.HEAD) : tokens);
        for (int i = 0; i < plan.layers().size(); i++) {
            LayerPlan layer = plan.layers().get(i);
            for (Shard shard : layer.heads()) {
                HeadsLayout layout = HeadsLayout.of(tensors, shard, i);
                require(shard, Operation.UP, layout.query(), layout.key(), layout.value());
                require(shard, Operation.DOWN, layout.out());
            }
            for (Shard shard : layer.neurons()) {
                NeuronsLayout layout = NeuronsLayout.of(tensors, shard, i);
                require(shard, Operation.UP, layout.up());
                require(shard, Operation.DOWN, layout.down());
            }
        }
    }

    private Encoding encoding(Role role) {
        return Encoding.of(tensors.get(role, 0).dtype());
    }

    private void require(Shard shard, Operation operation, MatrixLayout... matrices) {
        for (MatrixLayout matrix : matrices) {
            EncodingSupport.require(devices.get(shard.device()), operation, matrix.encoding());
            EncodingSupport.require(devices.get(shard.prefillDevice()), operation, matrix.encoding());
        }
    }
}
