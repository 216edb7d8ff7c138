package dev.flexgen.engine.device.fake;

import org.jspecify.annotations.Nullable;

/** What waits in a lane's queue. */
sealed interface Task {

    /** Holds the lane up until the mark is reached. */
    record Await(Mark mark) implements Task {}

    /** Reaches the mark. */
    record Reach(Mark mark) implements Task {}

    /**
     * Something that takes time; both parts run on the simulation's thread.
     *
     * @param nanos simulated time it takes
     * @param bus what else of its kind has to wait for, if anything
     * @param start its first moment
     * @param finish its last
     */
    record Work(long nanos, @Nullable Bus bus, Runnable start, Runnable finish) implements Task {

        /** Work that happens in its last moment. */
        static Work atOnce(long nanos, Runnable finish) {
            return new Work(nanos, null, () -> {}, finish);
        }

        /** Takes the bus as soon as it is free, and says when this will be finished. */
        long begin(long now) {
            return bus == null ? now + nanos : bus.take(now, nanos);
        }
    }

    /** One direction between host and device, shared by all lanes: one copy at a time. */
    final class Bus {
        private final long bytesPerSecond;
        private long freeAt;

        Bus(long bytesPerSecond) {
            this.bytesPerSecond = bytesPerSecond;
        }

        long nanos(long bytes) {
            return bytesPerSecond == 0 ? 0 : (long) Math.ceil(bytes * 1e9 / bytesPerSecond);
        }

        private long take(long now, long nanos) {
            freeAt = Math.max(now, freeAt) + nanos;
            return freeAt;
        }
    }
}
