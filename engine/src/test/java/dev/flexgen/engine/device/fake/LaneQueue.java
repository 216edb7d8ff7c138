package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.device.StreamRole;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The work of one lane, first in, first out. Guarded by the simulation's lock. */
final class LaneQueue {

    private final StreamRole lane;
    private final Tally tally;
    private final Deque<Task> tasks = new ArrayDeque<>();
    private Task.@Nullable Work running;
    private long finishAt;

    LaneQueue(StreamRole lane, Tally tally) {
        this.lane = lane;
        this.tally = tally;
    }

    StreamRole lane() {
        return lane;
    }

    void add(Task task) {
        tasks.add(task);
    }

    void clear() {
        tasks.clear();
        running = null;
    }

    boolean empty() {
        return running == null && tasks.isEmpty();
    }

    /** Whether {@link #act} may be called. */
    boolean ready(long now) {
        if (running != null) {
            return finishAt <= now;
        }
        return switch (tasks.peek()) {
            case null -> false;
            case Task.Await(Mark mark) -> mark.reached();
            case Task.Reach _, Task.Work _ -> true;
        };
    }

    /** Begins the next task, or finishes the one that is under way. */
    void act(long now) {
        Task.Work done = running;
        if (done != null) {
            running = null;
            done.finish().run();
            tally.busy(lane, done.nanos());
            return;
        }
        switch (tasks.remove()) {
            case Task.Await _ -> {}
            case Task.Reach(Mark mark) -> mark.reach();
            case Task.Work work -> {
                finishAt = work.begin(now);
                running = work;
                work.start().run();
            }
        }
    }

    /** When the task under way is finished. */
    OptionalLong finishAt() {
        return running == null ? OptionalLong.empty() : OptionalLong.of(finishAt);
    }
}
