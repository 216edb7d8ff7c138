package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.Event;
import org.jspecify.annotations.Nullable;

/** An event: its latest recording. */
final class FakeEvent implements Event {

    private final Simulation simulation;
    private final Tally tally;
    private volatile @Nullable Mark latest;
    private volatile boolean closed;

    FakeEvent(Simulation simulation, Tally tally) {
        this.simulation = simulation;
        this.tally = tally;
        tally.eventOpened();
    }

    boolean of(Simulation other) {
        return simulation == other;
    }

    @Nullable
    Mark latest() {
        if (closed) {
            throw new IllegalStateException("the event is closed");
        }
        return latest;
    }

    void record(Mark mark) {
        latest = mark;
    }

    @Override
    public void join() {
        Mark mark = latest();
        if (mark == null) {
            simulation.check();
        } else {
            simulation.join(mark);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            tally.eventClosed();
        }
    }
}
