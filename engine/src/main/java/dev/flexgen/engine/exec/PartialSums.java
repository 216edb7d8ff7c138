package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;

/**
 * The way between the home of the residual stream and a device that computes some shards: a layer's normed rows go there,
 * their partial sum comes back and is added. Whatever passes between two devices passes through host memory, which one of the
 * two may itself compute on. Nothing here waits, except a processor for what it computes with. Owned by the engine's thread.
 */
final class PartialSums implements AutoCloseable {

    private final Device home;
    private final Device worker;
    private final Resources resources = new Resources();

    private final Rows out; // in host memory
    private final Rows shared; // on the worker
    private final Rows partial; // on the worker
    private final Rows back; // in host memory
    private final Rows incoming; // at home
    private final Event normed;
    private final Event sent;
    private final Event arrived;
    private final Event computed;
    private final Event returned;
    private final Event landed;

    PartialSums(Device home, Device worker, int rows, int width) {
        this.home = home;
        this.worker = worker;
        try {
            Device copying = home.tier() == Tier.HOST ? worker : home;
            this.out = host(copying, rows, width);
            this.shared = worker.tier() == Tier.HOST ? out : on(worker, rows, width);
            this.back = host(copying, rows, width);
            this.partial = worker.tier() == Tier.HOST ? back : on(worker, rows, width);
            this.incoming = home.tier() == Tier.HOST ? back : on(home, rows, width);
            this.normed = event(home);
            this.sent = event(home);
            this.arrived = event(worker);
            this.computed = event(worker);
            this.returned = event(worker);
            this.landed = event(home);
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    private Rows host(Device copying, int rows, int width) {
        Buffer buffer = resources.keep(copying.allocateHost("activations", 4L * rows * width));
        return new Rows(buffer.segment(), rows, width);
    }

    private Rows on(Device device, int rows, int width) {
        Buffer buffer = resources.keep(device.allocate("activations", 4L * rows * width));
        return new Rows(buffer.segment(), rows, width);
    }

    private Event event(Device device) {
        return resources.keep(device.event());
    }

    /** Asks for {@code rows}, which lie at home, to be brought to the worker. */
    void broadcast(Rows rows) {
        Rows host = out.slice(0, rows.count());
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
            in.upload(host.data(), shared.slice(0, rows.count()).data());
            in.record(arrived);
        }
    }

    /** The shared rows, for the worker's operations from now on. */
    Rows shared(int count) {
        worker.stream(StreamRole.COMPUTE).await(worker.tier() == Tier.HOST ? sent : arrived);
        return shared.slice(0, count);
    }

    /** Zeroed room for the worker's partial sum. */
    Rows partial(int count) {
        Rows rows = partial.slice(0, count);
        worker.stream(StreamRole.COMPUTE).zero(rows.data());
        return rows;
    }

    /** Asks for the worker's partial sum to be brought home and added to {@code sum}. */
    void reduce(Rows sum) {
        int count = sum.count();
        Rows host = back.slice(0, count);
        if (worker.tier() != Tier.HOST) {
            worker.stream(StreamRole.COMPUTE).record(computed);
            var leaving = worker.stream(StreamRole.ACTIVATIONS_OUT);
            leaving.await(computed);
            leaving.download(partial.slice(0, count).data(), host.data());
            leaving.record(returned);
        }
        if (home.tier() != Tier.HOST) {
            var in = home.stream(StreamRole.ACTIVATIONS_IN);
            if (worker.tier() != Tier.HOST) {
                in.await(returned);
            }
            in.upload(host.data(), incoming.slice(0, count).data());
            in.record(landed);
            home.stream(StreamRole.COMPUTE).await(landed);
        } else {
            home.stream(StreamRole.COMPUTE).await(returned);
        }
        home.ops().add(incoming.slice(0, count), sum);
    }

    @Override
    public void close() {
        resources.close();
    }
}
