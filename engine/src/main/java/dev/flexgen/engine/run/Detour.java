package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Lane;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.run.HeadsLayout.Heads;
import dev.flexgen.engine.run.ShardSpace.Attention;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention whose projections the home device multiplies while a processor keeps the keys and values: queries, keys and values
 * go to host memory, the heads' context comes back. So a prompt's weights are multiplied where that is fastest, and no cache
 * ever moves. Two sets of memory let the home device multiply for one shard while the processor attends for the last. Owned by
 * the engine's thread.
 */
final class Detour implements AutoCloseable {

    private static final int SETS = 2;

    /** Memory on both sides, and the points in time that matter. */
    private record Berth(ShardSpace atHome, ShardSpace away, Event projected, Event left, Event attended) {}

    /**
     * One shard under way.
     *
     * @param weights at home, until {@link #comeBack}
     * @param atHome activations on the home device
     * @param away the same in host memory
     */
    record Trip(Heads weights, Berth berth, Attention atHome, Attention away) {}

    private final Device home;
    private final Resources resources = new Resources();
    private final List<Berth> berths = new ArrayList<>();
    private int next;

    Detour(Device home, ShardSpace.Size size) {
        this.home = home;
        try {
            for (int i = 0; i < SETS; i++) {
                ShardSpace atHome = resources.keep(new ShardSpace(home, size));
                ShardSpace away = resources.keep(
                        new ShardSpace(size, home.allocateHost("activations", Math.max(4, size.bytes()))));
                berths.add(new Berth(atHome, away, event(), event(), event()));
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
    Trip depart(Heads weights, Rows rows) {
        Berth berth = berths.get(next);
        next = (next + 1) % SETS;
        int queries = weights.projections().get(0).weight().rows();
        int keys = weights.projections().get(1).weight().rows();
        Attention atHome = berth.atHome().attention(rows.count(), queries, keys);
        Attention away = berth.away().attention(rows.count(), queries, keys);
        home.ops().upEach(weights.projections(), rows, atHome.projections());
        home.stream(Lane.COMPUTE).record(berth.projected());
        var leaving = home.stream(Lane.ACTIVATIONS_OUT);
        leaving.await(berth.projected());
        for (int i = 0; i < atHome.projections().size(); i++) {
            leaving.download(
                    atHome.projections().get(i).data(),
                    away.projections().get(i).data());
        }
        leaving.record(berth.left());
        return new Trip(weights, berth, atHome, away);
    }

    /** Waits until the trip has reached host memory; then its context is to be computed there. */
    static void arrive(Trip trip) {
        trip.berth().left().join();
    }

    /** The context is computed: asks for its way home and for the output projection, which is added to {@code sum}. */
    void comeBack(Trip trip, Rows sum) {
        var in = home.stream(Lane.ACTIVATIONS_IN);
        in.upload(trip.away().context().data(), trip.atHome().context().data());
        in.record(trip.berth().attended());
        home.stream(Lane.COMPUTE).await(trip.berth().attended());
        home.ops().down(trip.weights().out(), trip.atHome().context(), sum);
    }

    @Override
    public void close() {
        resources.close();
    }
}
