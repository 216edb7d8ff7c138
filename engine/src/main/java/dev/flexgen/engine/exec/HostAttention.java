package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.exec.ShardActivations.Attention;
import dev.flexgen.engine.weights.HeadsLayout.Heads;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention whose projections a GPU multiplies while the processor keeps the keys and values: queries, keys and values
 * go to host memory, the heads' context comes back. So a prompt's weights are multiplied where that is fastest, and no cache
 * ever moves. Two sets of memory let the GPU multiply for one shard while the processor attends for the last. Owned by
 * the engine's thread.
 */
final class HostAttention implements AutoCloseable {

    private static final int SETS = 2;

    /** Memory on both sides, and the points in time that matter. */
    private record Buffers(
            ShardActivations onGpu, ShardActivations onHost, Event projected, Event left, Event attended) {}

    /**
     * One shard under way.
     *
     * @param weights on the GPU, until {@link #finish}
     * @param onGpu activations on the GPU
     * @param onHost the same in host memory
     */
    record Pending(Heads weights, Buffers buffers, Attention onGpu, Attention onHost) {}

    private final Device gpu;
    private final Resources resources = new Resources();
    private final List<Buffers> sets = new ArrayList<>();
    private int next;

    HostAttention(Device gpu, ShardActivations.Size size) {
        this.gpu = gpu;
        try {
            for (int i = 0; i < SETS; i++) {
                ShardActivations onGpu = resources.keep(new ShardActivations(gpu, size));
                ShardActivations onHost = resources.keep(
                        new ShardActivations(size, gpu.allocateHost("activations", Math.max(4, size.bytes()))));
                sets.add(new Buffers(onGpu, onHost, event(), event(), event()));
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    private Event event() {
        return resources.keep(gpu.event());
    }

    /** Asks for the projections of {@code rows} and for their way to host memory. At most two trips at a time. */
    Pending submit(Heads weights, Rows rows, Batch batch, HeadOperations operations) {
        Buffers buffers = sets.get(next);
        next = (next + 1) % SETS;
        int queries = weights.projections().get(0).weight().rows();
        int keys = weights.projections().get(1).weight().rows();
        Attention onGpu = buffers.onGpu().attention(rows.count(), queries, keys);
        Attention onHost = buffers.onHost().attention(rows.count(), queries, keys);
        operations.project(gpu.ops(), weights, rows, batch, onGpu);
        gpu.stream(StreamRole.COMPUTE).record(buffers.projected());
        var leaving = gpu.stream(StreamRole.ACTIVATIONS_OUT);
        leaving.await(buffers.projected());
        for (int i = 0; i < onGpu.projections().size(); i++) {
            leaving.download(
                    onGpu.projections().get(i).data(),
                    onHost.projections().get(i).data());
        }
        leaving.record(buffers.left());
        return new Pending(weights, buffers, onGpu, onHost);
    }

    /** Waits until the pending has reached host memory; then its context is to be computed there. */
    static void await(Pending pending) {
        pending.buffers().left().join();
    }

    /** The context is computed: queues its upload and the output projection, which is added to {@code sum}. */
    void finish(Pending pending, Rows sum) {
        var in = gpu.stream(StreamRole.ACTIVATIONS_IN);
        in.upload(pending.onHost().context().data(), pending.onGpu().context().data());
        in.record(pending.buffers().attended());
        gpu.stream(StreamRole.COMPUTE).await(pending.buffers().attended());
        gpu.ops().down(pending.weights().out(), pending.onGpu().context(), sum);
    }

    @Override
    public void close() {
        resources.close();
    }
}
