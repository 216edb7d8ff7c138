package dev.flexgen.engine;

import dev.flexgen.engine.base.EngineException;
import java.util.Collection;
import java.util.Iterator;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Begins jobs while there is room: for so many at a time, and in memory for the session of each. One that came too early waits until
 * another has ended. One thread.
 */
final class Admission<J> {

    private final Iterator<J> jobs;
    private final int most;
    private final Consumer<J> start;
    private final BiConsumer<J, EngineException> failed;
    private @Nullable J waiting;

    /**
     * Takes jobs one by one, each when there is room for it.
     *
     * @param most at a time
     * @param start begins a job, or throws and leaves nothing behind
     * @param failed hears of jobs that cannot be served
     */
    Admission(Iterator<J> jobs, int most, Consumer<J> start, BiConsumer<J, EngineException> failed) {
        this.jobs = jobs;
        this.most = most;
        this.start = start;
        this.failed = failed;
    }

    /**
     * Begins as many as there is room for.
     *
     * @param running those under way, which {@code start} adds to
     * @return whether any is under way
     * @throws EngineException of kind DEVICE or MODEL, which no other job would escape
     */
    boolean fill(Collection<?> running) {
        while (running.size() < most && (waiting != null || jobs.hasNext())) {
            J job = waiting == null ? jobs.next() : waiting;
            waiting = null;
            try {
                start.accept(job);
            } catch (EngineException e) {
                if (e.kind() == EngineException.Kind.PLACEMENT && !running.isEmpty()) {
                    waiting = job;
                    break;
                }
                if (e.kind() != EngineException.Kind.INPUT && e.kind() != EngineException.Kind.PLACEMENT) {
                    throw e;
                }
                failed.accept(job, e);
            }
        }
        return !running.isEmpty();
    }
}
