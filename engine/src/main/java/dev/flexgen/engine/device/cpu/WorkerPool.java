package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.base.Threads;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Fork-join for loops of a few microseconds: the caller and its workers take parts until none is left. An operation follows
 * the last within microseconds, so workers spin for a short while before they park.
 *
 * <p>{@link #run} is for one thread at a time, the pool's owner; parts run on any thread of the pool.
 */
public final class WorkerPool implements AutoCloseable {

    /** Longer than the gap between two operations of a layer, shorter than anyone would notice on a laptop's fan. */
    private static final long SPIN_NANOS = 50_000;

    /** How long workers spin after {@link #rouse}: longer than it takes to ask a GPU for its part of a layer, or to score the
     * experts of a few tokens. Behind a longer wait they are parked again. */
    private static final long ROUSED_NANOS = 400_000;

    /** Workers that one of them, or the caller, wakes. */
    private static final int PASSED_ON = 3;

    /** A loop's body. */
    @FunctionalInterface
    public interface Body {
        /**
         * Does one part.
         *
         * @param worker 0 to {@code threads() - 1}: for scratch memory of the thread
         */
        void run(int part, int worker);
    }

    private static final class Loop {
        final Body body;
        final int parts;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Loop(Body body, int parts) {
            this.body = body;
            this.parts = parts;
        }

        void fail(Throwable e) {
            Throwable first = failure.compareAndExchange(null, e);
            if (first != null && !first.equals(e)) {
                first.addSuppressed(e);
            }
        }

        void work(int worker) {
            for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                try {
                    body.run(part, worker);
                } catch (Throwable e) { // rethrown by run(); a worker must outlive its loop's failures
                    fail(e);
                } finally {
                    done.incrementAndGet();
                }
            }
        }
    }

    private final Worker[] workers;
    private volatile Loop current = new Loop((part, worker) -> {}, 0);
    private volatile boolean closed;
    private volatile long rousedUntil = System.nanoTime();
    private @Nullable Runnable other; // what the owner does while the next loop has begun

    /**
     * Starts the workers.
     *
     * @param threads how many threads compute, the caller's included
     * @throws EngineException of kind DEVICE if the system does not allow so many
     */
    public WorkerPool(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("a pool needs at least one thread, not " + threads);
        }
        workers = new Worker[threads - 1];
        Arrays.setAll(workers, i -> new Worker(i + 1));
        try {
            for (Worker worker : workers) {
                worker.start();
            }
        } catch (OutOfMemoryError e) { // how Java says that the system starts no more threads
            close();
            throw EngineException.device("The system does not allow " + threads + " threads; choose fewer", e);
        }
    }

    /** For tests. */
    Stream<Thread.State> workerStates() {
        return Arrays.stream(workers).map(Thread::getState);
    }

    public int threads() {
        return workers.length + 1;
    }

    /**
     * Says that {@link #run} follows soon: parked workers wake up meanwhile, each of them some others, since the system takes
     * microseconds for each. Returns at once.
     */
    public void rouse() {
        rousedUntil = System.nanoTime() + ROUSED_NANOS;
        passOn(0);
    }

    /** Wakes the workers that come after number {@code index}, where 0 is the caller. */
    private void passOn(int index) {
        int first = PASSED_ON * index;
        for (int i = first; i < Math.min(first + PASSED_ON, workers.length); i++) {
            workers[i].wake();
        }
    }

    private boolean roused() {
        return System.nanoTime() - rousedUntil < 0;
    }

    /**
     * Does {@code operations}, which call {@link #run}, and {@code task} on the same thread: once workers have begun with the first loop
     * that is theirs too; before all if there are no workers, after all if there is no such loop.
     */
    public void during(Runnable operations, Runnable task) {
        if (workers.length == 0) {
            task.run();
            operations.run();
            return;
        }
        other = task;
        try {
            operations.run();
            doOther();
        } finally {
            other = null;
        }
    }

    private void doOther() {
        @Nullable Runnable task = other;
        other = null;
        if (task != null) {
            task.run();
        }
    }

    /** Runs {@code body} for parts 0 to {@code parts - 1} and returns when all are done. */
    public void run(int parts, Body body) {
        Loop loop = new Loop(body, parts);
        if (parts > 1 && workers.length > 0) {
            current = loop;
            for (Worker worker : workers) {
                worker.wake();
            }
            try {
                doOther();
            } catch (Throwable e) { // the workers use what belongs to the caller until they are done
                loop.fail(e);
            }
        }
        loop.work(0);
        join(loop);
        Throwable failure = loop.failure.get();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    /** A worker that lost its core in the middle of a part needs it back more than the caller needs to notice at once. */
    @SuppressWarnings("ThreadPriorityCheck") // nothing but speed depends on the yield
    private static void join(Loop loop) {
        long deadline = System.nanoTime() + SPIN_NANOS;
        while (loop.done.get() < loop.parts) {
            if (System.nanoTime() < deadline) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
        }
        for (Worker worker : workers) {
            Threads.joinUninterruptibly(worker);
        }
    }

    private final class Worker extends Thread {
        private final int index;
        private volatile boolean parked;

        Worker(int index) {
            super("flexgen-worker-" + index);
            this.index = index;
            setDaemon(true);
        }

        void wake() {
            if (parked) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            Loop seen = current;
            seen.work(index);
            while (!closed) {
                Loop loop = await(seen);
                loop.work(index);
                seen = loop;
            }
        }

        private Loop await(Loop seen) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            while (current == seen && !closed) {
                if (System.nanoTime() < deadline || roused()) {
                    Thread.onSpinWait();
                } else {
                    parked = true;
                    if (current == seen && !closed && !roused()) {
                        LockSupport.park(this);
                    }
                    parked = false;
                    if (roused()) {
                        passOn(index);
                    }
                }
            }
            return current;
        }
    }
}
