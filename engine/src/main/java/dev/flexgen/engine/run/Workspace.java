package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import java.util.List;

/** The activations of one step on one device, allocated once for the largest step and the largest shard. */
final class Workspace implements AutoCloseable {

    private final int maxRows;
    private final Buffer buffer;
    private long used;

    private final Rows residual;
    private final Rows normed;
    private final Rows embedded;
    private final Rows query;
    private final Rows key;
    private final Rows value;
    private final Rows context;
    private final Rows neurons;
    private final Rows outputs;
    private final Rows logits;

    /**
     * Allocates for steps of up to {@code maxRows} tokens.
     *
     * @param logitRows how many rows of logits may be asked for at a time
     */
    Workspace(Device device, ModelSpec spec, Plan plan, int maxRows, int logitRows) {
        this.maxRows = maxRows;
        int headDims = largest(plan.layers().stream().map(LayerPlan::heads).toList()) * spec.headDim();
        int queries = headDims * (spec.heads() / spec.keyHeads());
        int neuronCount = largest(plan.layers().stream().map(LayerPlan::neurons).toList());
        int embedding = spec.dimensions().embedding();
        long floats = (long) maxRows * (2L * spec.width() + embedding + 2L * queries + 2L * headDims + neuronCount)
                + (long) logitRows * (embedding + spec.vocabulary());
        this.buffer = device.allocate("activations", 4 * floats);
        this.residual = take(maxRows, spec.width());
        this.normed = take(maxRows, spec.width());
        this.embedded = take(maxRows, embedding);
        this.query = take(maxRows, queries);
        this.key = take(maxRows, headDims);
        this.value = take(maxRows, headDims);
        this.context = take(maxRows, queries);
        this.neurons = take(maxRows, neuronCount);
        this.outputs = take(logitRows, embedding);
        this.logits = take(logitRows, spec.vocabulary());
    }

    private Rows take(int rows, int width) {
        Rows taken = new Rows(buffer.segment().asSlice(used, 4L * rows * width), rows, width);
        used += taken.bytes();
        return taken;
    }

    private static int largest(List<List<Shard>> shards) {
        return shards.stream().flatMap(List::stream).mapToInt(Shard::size).max().orElse(1);
    }

    int maxRows() {
        return maxRows;
    }

    int maxLogitRows() {
        return logits.count();
    }

    Rows residual(int rows) {
        return residual.slice(0, rows);
    }

    Rows normed(int rows) {
        return normed.slice(0, rows);
    }

    Rows embedded(int rows) {
        return embedded.slice(0, rows);
    }

    Rows query(int rows, int width) {
        return new Rows(query.data(), rows, width);
    }

    Rows key(int rows, int width) {
        return new Rows(key.data(), rows, width);
    }

    Rows value(int rows, int width) {
        return new Rows(value.data(), rows, width);
    }

    Rows context(int rows, int width) {
        return new Rows(context.data(), rows, width);
    }

    Rows neurons(int rows, int width) {
        return new Rows(neurons.data(), rows, width);
    }

    Rows outputs(int rows) {
        return outputs.slice(0, rows);
    }

    Rows logits(int rows) {
        return logits.slice(0, rows);
    }

    @Override
    public void close() {
        buffer.close();
    }
}
