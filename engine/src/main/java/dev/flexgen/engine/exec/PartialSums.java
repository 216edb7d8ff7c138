package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;
import java.lang.foreign.MemorySegment;

/**
 * The way between a home of the residual stream and another device that computes some shards: normed rows are broadcast to it, its
 * partial sum is reduced into the residual stream. Whatever passes between two devices passes through host memory, which one of
 * the two may itself compute on. Nothing here waits, except a processor for what it computes with. Owned by the engine's thread.
 */
final class PartialSums implements AutoCloseable {

    private final Device home;
    private final Device worker;
    private final int maxRows;
    private final Resources resources = new Resources();
    private final MemorySegment out; // in host memory
    private final MemorySegment shared; // on the worker
    private final MemorySegment partial; // on the worker
    private final MemorySegment back; // in host memory
    private final MemorySegment incoming; // at home
    private final Event normed;
    private final Event sent;
    private final Event arrived;
    private final Event used;
    private final Event computed;
    private final Event returned;
    private final Event landed;

    /**
     * Allocates.
     *
     * @param rows most tokens that pass
     * @param width of the widest rows that pass
     */
    PartialSums(Device home, Device worker, int rows, int width) {
        this.home = home;
        this.worker = worker;
        this.maxRows = rows;
        long bytes = 4L * rows * width;
        try {
            Device copying = home.tier() == Tier.HOST ? worker : home;
            this.out = host(copying, bytes);
            this.shared = worker.tier() == Tier.HOST ? out : on(worker, bytes);
            this.back = host(copying, bytes);
            this.partial = worker.tier() == Tier.HOST ? back : on(worker, bytes);
            this.incoming = home.tier() == Tier.HOST ? back : on(home, bytes);
            this.normed = event(home);
            this.sent = event(home);
            this.arrived = event(worker);
            this.used = event(worker);
            this.computed = event(worker);
            this.returned = event(worker);
            this.landed = event(home);
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    private MemorySegment host(Device copying, long bytes) {
        Buffer buffer = resources.keep(copying.allocateHost("activations", bytes));
        return buffer.segment();
    }

    private MemorySegment on(Device device, long bytes) {
        Buffer buffer = resources.keep(device.allocate("activations", bytes));
        return buffer.segment();
    }

    private Event event(Device device) {
        return resources.keep(device.event());
    }

    /** Most tokens that may pass. */
    int maxRows() {
        return maxRows;
    }

    /** Asks for {@code rows}, which are at home, to be brought to the worker. */
    void broadcast(Rows rows) {
        Rows host = like(rows, out);
        if (worker.tier() != Tier.HOST) { // the last rows must have left host memory, and been used
            home.stream(StreamRole.ACTIVATIONS_OUT).await(arrived);
            worker.stream(StreamRole.COMPUTE).record(used);
            worker.stream(StreamRole.ACTIVATIONS_IN).await(used);
        }
        if (home.tier() == Tier.HOST) {
            home.ops().copy(rows, host);
        } else {
            home.stream(StreamRole.COMPUTE).record(normed);
            home.stream(StreamRole.ACTIVATIONS_OUT).await(normed);
            home.stream(StreamRole.ACTIVATIONS_OUT).download(rows.data(), host.data());
            home.stream(StreamRole.ACTIVATIONS_OUT).record(sent);
        }
        if (worker.tier() != Tier.HOST) {
            var in = worker.stream(StreamRole.ACTIVATIONS_IN);
            if (home.tier() != Tier.HOST) {
                in.await(sent);
            }
            in.upload(host.data(), like(rows, shared).data());
            in.record(arrived);
        }
    }

    /** What was broadcast, for the worker's operations from now on. */
    Rows shared(Rows rows) {
        worker.stream(StreamRole.COMPUTE).await(worker.tier() == Tier.HOST ? sent : arrived);
        return like(rows, shared);
    }

    /** Zeroed room for the worker's partial sum of rows like these. */
    Rows partial(Rows rows) {
        Rows sum = like(rows, partial);
        worker.stream(StreamRole.COMPUTE).zero(sum.data());
        return sum;
    }

    /** The worker's operations that make the partial sum have been asked for: asks for it to be sent home. */
    void send(Rows sum) {
        if (worker.tier() != Tier.HOST) {
            worker.stream(StreamRole.COMPUTE).record(computed);
            var leaving = worker.stream(StreamRole.ACTIVATIONS_OUT);
            leaving.await(computed);
            leaving.download(like(sum, partial).data(), like(sum, back).data());
            leaving.record(returned);
        }
    }

    /** Asks for the worker's partial sum, once it has been sent, to be added to {@code sum}. */
    void reduce(Rows sum) {
        if (home.tier() != Tier.HOST) {
            var in = home.stream(StreamRole.ACTIVATIONS_IN);
            if (worker.tier() != Tier.HOST) {
                in.await(returned);
            }
            in.upload(like(sum, back).data(), like(sum, incoming).data());
            in.record(landed);
            home.stream(StreamRole.COMPUTE).await(landed);
        } else {
            home.stream(StreamRole.COMPUTE).await(returned);
        }
        home.ops().add(like(sum, incoming), sum);
    }

    private Rows like(Rows rows, MemorySegment memory) {
        if (rows.count() > maxRows) {
            throw new IllegalStateException(rows.count() + " rows pass where there is room for " + maxRows);
        }
        return Rows.in(memory, rows.count(), rows.width());
    }

    @Override
    public void close() {
        resources.close();
    }
}
