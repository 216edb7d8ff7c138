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
 * Attention whose projections the home device multiplies while a processor keeps the keys and values: queries, keys and values
 * go to host memory, the heads' context comes back. So a prompt's weights are multiplied where that is fastest, and no cache
 * ever moves. Two sets of memory let the home device multiply for one shard while the processor attends for the last. Owned by
 * the engine's thread.
 */
final class HostAttention implements AutoCloseable {

    private static final int SETS = 2;

    /** Memory on both sides, and the points in time that matter. */
    private record Buffers(
            ShardActivations atHome, ShardActivations away, Event projected, Event left, Event attended) {}

    /**
     * One shard under way.
     *
     * @param weights at home, until {@link #finish}
     * @param atHome activations on the home device
     * @param away the same in host memory
     */
    record Pending(Heads weights, Buffers buffers, Attention atHome, Attention away) {}

    private final Device home;
    private final Resources resources = new Resources();
    private final List<Buffers> sets = new ArrayList<>();
    private int next;

    HostAttention(Device home, ShardActivations.Size size) {
        this.home = home;
        try {
            for (int i = 0; i < SETS; i++) {
                ShardActivations atHome = resources.keep(new ShardActivations(home, size));
                ShardActivations away = resources.keep(
                        new ShardActivations(size, home.allocateHost("activations", Math.max(4, size.bytes()))));
                sets.add(new Buffers(atHome, away, event(), event(), event()));
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    private Event event() {
        return resources.keep(home.event());
    }

    /** Asks for the projections of {@code rows} and for their way to host memory. At most two trips at a time. */
    Pending submit(Heads weights, Rows rows) {
        Buffers buffers = sets.get(next);
        next = (next + 1) % SETS;
        int queries = weights.projections().get(0).weight().rows();
        int keys = weights.projections().get(1).weight().rows();
        Attention atHome = buffers.atHome().attention(rows.count(), queries, keys);
        Attention away = buffers.away().attention(rows.count(), queries, keys);
        home.ops().upEach(weights.projections(), rows, atHome.projections());
        home.stream(StreamRole.COMPUTE).record(buffers.projected());
        var leaving = home.stream(StreamRole.ACTIVATIONS_OUT);
        leaving.await(buffers.projected());
        for (int i = 0; i < atHome.projections().size(); i++) {
            leaving.download(
                    atHome.projections().get(i).data(),
                    away.projections().get(i).data());
        }
        leaving.record(buffers.left());
        return new Pending(weights, buffers, atHome, away);
    }

    /** Waits until the pending has reached host memory; then its context is to be computed there. */
    static void await(Pending pending) {
        pending.buffers().left().join();
    }

    /** The context is computed: asks for its way home and for the output projection, which is added to {@code sum}. */
    void finish(Pending pending, Rows sum) {
        var in = home.stream(StreamRole.ACTIVATIONS_IN);
        in.upload(pending.away().context().data(), pending.atHome().context().data());
        in.record(pending.buffers().attended());
        home.stream(StreamRole.COMPUTE).await(pending.buffers().attended());
        home.ops().down(pending.weights().out(), pending.atHome().context(), sum);
    }

    @Override
    public void close() {
        resources.close();
    }
}
