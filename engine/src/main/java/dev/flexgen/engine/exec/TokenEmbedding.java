package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.weights.ModelWeights.Embedding;
import org.jspecify.annotations.Nullable;

/** From token ids to the residual stream, on the device that holds the tables. */
final class TokenEmbedding implements AutoCloseable {

    private final ModelSpec spec;
    private final Device device;
    private final @Nullable Buffer narrow;

    /** @param rows most tokens of a step */
    TokenEmbedding(Device device, ModelSpec spec, int rows) {
        this.spec = spec;
        this.device = device;
        this.narrow = spec.projectsEmbedding()
                ? device.allocate("activations", 4L * rows * spec.dimensions().embedding())
                : null;
    }

    /** Writes the batch's residual stream to {@code x}. // [rows, E] */
    void embed(Embedding weights, Batch batch, Rows x) {
        Ops ops = device.ops();
        if (narrow == null || weights.projectIn() == null) {
            lookUp(ops, weights, batch, x);
        } else {
            Rows embedded =
                    Rows.in(narrow.segment(), x.count(), spec.dimensions().embedding());
            lookUp(ops, weights, batch, embedded);
            ops.up(weights.projectIn(), embedded, x);
        }
        if (weights.positions() != null) {
            ops.embedAdd(weights.positions(), batch.positions(spec.positionOffset()), x);
        }
    }

    private static void lookUp(Ops ops, Embedding weights, Batch batch, Rows rows) {
        ops.embed(weights.tokens(), batch.tokens(), rows);
        if (weights.norm() != null) {
            ops.norm(weights.norm(), rows, rows);
        }
    }

    @Override
    public void close() {
        if (narrow != null) {
            narrow.close();
        }
    }
}
