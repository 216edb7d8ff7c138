package dev.flexgen.engine.device.fake;

/** One recording of an event: a place in a queue. Guarded by the simulation's lock. */
final class Mark {

    private boolean reached;

    boolean reached() {
        return reached;
    }

    void reach() {
        reached = true;
    }
}
