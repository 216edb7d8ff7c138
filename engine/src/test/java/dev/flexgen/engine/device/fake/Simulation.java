package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.StreamRole;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thread that does the work of all lanes, in an order that is as unkind as events permit and the same for the same seed.
 *
 * <p>Lanes have priorities that change at random moments, so that now one and now another runs far ahead of the rest. Nothing
 * is done until somebody waits for it, except that now and then a call lets some of it happen first, and returns after that:
 * with one calling thread the order then depends on the seed alone. Time is simulated: it passes while somebody waits and
 * nothing else can be done. To the simulation, callers are infinitely fast.
 *
 * <p>The first failure ends it: what is queued is forgotten, and every later call fails. Thread-safe.
 */
final class Simulation implements AutoCloseable {

    /** One in so many calls lets work be done before it returns. */
    private static final int CALLS_PER_LEAD = 8;

    /** One in so many steps changes the priorities. */
    private static final int STEPS_PER_CHANGE = 16;

    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Random random;
    private final Map<StreamRole, LaneQueue> queues = new EnumMap<>(StreamRole.class);
    private final List<LaneQueue> byPriority = new ArrayList<>();
    private final Deque<FutureTask<?>> errands = new ArrayDeque<>();
    private final List<Mark> awaited = new ArrayList<>();
    private final Runnable atEnd;
    private final Thread thread;
    private int allowedSteps;
    private long now;
    private boolean closing;
    private boolean ended;
    private boolean reported;
    private @Nullable Throwable failure;

    /** @param atEnd is run on the thread, last of all */
    Simulation(long seed, Tally tally, Runnable atEnd) {
        this.atEnd = atEnd;
        random = new Random(seed);
        for (StreamRole lane : StreamRole.values()) {
            LaneQueue queue = new LaneQueue(lane, tally);
            queues.put(lane, queue);
            byPriority.add(queue);
        }
        Collections.shuffle(byPriority, random);
        thread = new Thread(this::simulate, "fake-gpu");
        thread.setDaemon(true);
        thread.start();
    }

    Thread thread() {
        return thread;
    }

    /** Simulated time. */
    long nanos() {
        lock.lock();
        try {
            return now;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Refuses what comes too late.
     *
     * @throws EngineException of kind DEVICE if something failed before
     */
    void check() {
        lock.lock();
        try {
            if (closing) {
                throw new IllegalStateException("the GPU is closed");
            }
            if (failure != null) {
                reported = true;
                throw EngineException.device("The GPU failed: " + failure.getMessage(), failure);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Puts a task at the end of a lane. */
    void add(StreamRole lane, Task task) {
        lock.lock();
        try {
            check();
            queue(lane).add(task);
            if (random.nextInt(CALLS_PER_LEAD) == 0) {
                allowedSteps += 1 << random.nextInt(7);
                changed.signalAll();
                while (allowedSteps > 0) {
                    changed.awaitUninterruptibly();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Blocks until the mark is reached. */
    void join(Mark mark) {
        lock.lock();
        try {
            check();
            if (!mark.reached()) {
                awaited.add(mark);
                changed.signalAll();
            }
            while (!mark.reached() && failure == null) {
                changed.awaitUninterruptibly();
            }
            if (!mark.reached()) {
                check();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Does something on the thread at once, beside the queues and whatever has failed. */
    <T> T call(Supplier<T> errand) {
        FutureTask<T> task = new FutureTask<>(errand::get);
        lock.lock();
        try {
            if (closing) {
                throw new IllegalStateException("the GPU is closed, but was still needed");
            }
            errands.add(task);
            changed.signalAll();
            while (!task.isDone()) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        if (task.state() == FutureTask.State.FAILED && task.exceptionNow() instanceof RuntimeException e) {
            throw e;
        }
        return task.resultNow();
    }

    /**
     * Finishes all work and ends the thread.
     *
     * @throws IllegalStateException if work failed that no test wanted to fail, and no call has said so yet
     */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            changed.signalAll();
            while (!ended) {
                changed.awaitUninterruptibly();
            }
            if (failure != null && !reported && !(failure instanceof InjectedFault)) {
                reported = true;
                throw new IllegalStateException("work failed, and nobody waited for it", failure);
            }
        } finally {
            lock.unlock();
        }
    }

    private void simulate() {
        lock.lock();
        try {
            while (!(closing && idle() && errands.isEmpty())) {
                FutureTask<?> errand = errands.poll();
                if (errand != null) {
                    errand.run();
                    changed.signalAll();
                } else if (wanted()) {
                    step();
                    if (!wanted()) {
                        changed.signalAll();
                    }
                } else {
                    changed.awaitUninterruptibly();
                }
            }
        } finally {
            atEnd.run();
            ended = true;
            changed.signalAll();
            lock.unlock();
        }
    }

    private boolean idle() {
        return queues.values().stream().allMatch(LaneQueue::empty);
    }

    private boolean wanted() {
        return closing || allowedSteps > 0 || !awaited.isEmpty();
    }

    /** Lets the first lane act that can; if none can, and somebody waits, time passes until something is finished. */
    private void step() {
        if (allowedSteps > 0) {
            allowedSteps--;
        }
        if (random.nextInt(STEPS_PER_CHANGE) == 0) {
            Collections.shuffle(byPriority, random);
        }
        try {
            Optional<LaneQueue> ready =
                    byPriority.stream().filter(queue -> queue.ready(now)).findFirst();
            if (ready.isPresent()) {
                ready.get().act(now);
            } else if (awaited.isEmpty() && !closing) {
                allowedSteps = 0;
            } else {
                now = byPriority.stream()
                        .flatMapToLong(queue -> queue.finishAt().stream())
                        .min()
                        .orElseThrow(() -> new IllegalStateException("every lane waits for another"));
            }
        } catch (Throwable e) { // handed to whoever calls next
            failure = e;
            queues.values().forEach(LaneQueue::clear);
            allowedSteps = 0;
            awaited.clear();
        }
        if (awaited.removeIf(Mark::reached)) {
            changed.signalAll();
        }
    }

    private LaneQueue queue(StreamRole lane) {
        LaneQueue queue = queues.get(lane);
        if (queue == null) {
            throw new IllegalStateException("no lane " + lane);
        }
        return queue;
    }
}
