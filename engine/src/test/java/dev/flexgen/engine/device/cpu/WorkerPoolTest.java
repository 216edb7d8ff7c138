package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class WorkerPoolTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyPartRunsOnceAndItsResultIsSeen(int threads) {
        int[] runs = new int[100]; // plain memory: run() alone makes it visible
        int[] expected = new int[runs.length];
        long end = System.nanoTime() + Duration.ofMillis(250).toNanos();
        try (WorkerPool pool = new WorkerPool(threads)) {
            for (int loop = 0; System.nanoTime() < end; loop++) {
                int parts = loop % (runs.length + 1);
                pool.run(parts, (part, worker) -> runs[part]++);
                for (int i = 0; i < parts; i++) {
                    expected[i]++;
                }
                if (!Arrays.equals(runs, expected)) {
                    assertThat(runs).as("after loop " + loop).isEqualTo(expected);
                }
            }
        }
        assertThat(runs[0]).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void workersWakeHoweverLongTheyWaited(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            for (int loop = 0; loop < 300; loop++) {
                LockSupport.parkNanos(loop * 1000L); // around the time after which they park
                AtomicInteger met = new AtomicInteger();
                // No part ends before two threads are in the loop: a worker that slept on would hang it.
                pool.run(2, (part, worker) -> {
                    met.incrementAndGet();
                    while (met.get() < 2) {
                        Thread.onSpinWait();
                    }
                });
                assertThat(met).hasValue(2);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 6, 14})
    void allWorkersAreAwakeAfterTheyWereRoused(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            for (int loop = 0; loop < 20; loop++) {
                await(
                        pool,
                        Thread.State.WAITING,
                        Duration.ofSeconds(10)); // parked, also after they were roused for nothing
                pool.rouse();
                AtomicInteger met = new AtomicInteger();
                pool.run(threads, (part, worker) -> {
                    met.incrementAndGet();
                    while (met.get() < threads) { // a worker that slept on would hang it
                        Thread.onSpinWait();
                    }
                });
                pool.rouse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void somethingElseIsDoneOnceWhileTheFirstLoopRuns(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            Thread owner = Thread.currentThread();
            List<String> done = Collections.synchronizedList(new ArrayList<>());
            Runnable loops = () -> {
                pool.run(1, (_, _) -> done.add("alone"));
                pool.run(100, (part, _) -> done.add(part == 99 ? "loop" : ""));
                pool.run(100, (part, _) -> done.add(part == 99 ? "second" : ""));
            };
            for (int round = 0; round < 20; round++) {
                done.clear();
                pool.during(loops, () -> {
                    assertThat(Thread.currentThread()).isSameAs(owner);
                    AtomicInteger parts = new AtomicInteger();
                    pool.run(10, (_, _) -> parts.incrementAndGet()); // devices for tests compute on the same pool
                    assertThat(parts).hasValue(10);
                    done.add("other");
                });
                assertThat(done).hasSize(202).containsOnlyOnce("other", "alone", "loop", "second");
                int first = threads == 1 ? 0 : 1; // without workers before all, else after the loop of one part
                int last = threads == 1 ? 0 : 101;
                assertThat(done.indexOf("other")).isBetween(first, last);
            }
            pool.during(() -> pool.run(1, (_, _) -> done.add("small")), () -> done.add("last"));
            assertThat(done).contains("small", "last");
        }
    }

    @Test
    void aFailureOfEitherEndsBothAndIsForgotten() {
        try (WorkerPool pool = new WorkerPool(3)) {
            AtomicInteger parts = new AtomicInteger();
            Runnable loop = () -> pool.run(50, (_, _) -> parts.incrementAndGet());
            Runnable fails = () -> {
                throw new IllegalStateException("no GPU");
            };
            assertThatThrownBy(() -> pool.during(loop, fails)).hasMessage("no GPU");
            assertThat(parts).as("the loop is over").hasValue(50);
            AtomicInteger asked = new AtomicInteger();
            assertThatThrownBy(() -> pool.during(fails, asked::incrementAndGet)).hasMessage("no GPU");
            loop.run();
            assertThat(asked).hasValue(0);
            assertThat(parts).hasValue(100);
        }
    }

    private static void await(WorkerPool pool, Thread.State state, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        while (!pool.workerStates().allMatch(state::equals)) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(100_000);
        }
    }

    @Test
    void workerNumbersStayBelowTheNumberOfThreads() {
        try (WorkerPool pool = new WorkerPool(3)) {
            AtomicInteger highest = new AtomicInteger();
            for (int i = 0; i < 200; i++) {
                pool.run(50, (part, worker) -> highest.accumulateAndGet(worker, Math::max));
            }
            assertThat(highest.get()).isBetween(0, 2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void aFailureReachesTheCallerAndThePoolSurvives(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            for (int round = 0; round < 100; round++) {
                int failing = round % 20;
                AtomicInteger done = new AtomicInteger();
                assertThatThrownBy(() -> pool.run(20, (part, worker) -> {
                            if (part == failing) {
                                throw new IllegalStateException("part " + part);
                            }
                            done.incrementAndGet();
                        }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("part " + failing);
                assertThat(done).hasValue(19);
            }
            assertThatThrownBy(() -> pool.run(2, (part, worker) -> {
                        throw new AssertionError();
                    }))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void aLoopOfNothingReturns() {
        try (WorkerPool pool = new WorkerPool(2)) {
            pool.run(0, (part, worker) -> {
                throw new IllegalStateException();
            });
        }
    }

    @Test
    void closingEndsParkedAndSpinningWorkers() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        for (int i = 0; i < 50; i++) {
            WorkerPool pool = new WorkerPool(4);
            LockSupport.parkNanos(i * 5_000L);
            pool.close();
            pool.close();
        }
        Set<Thread> started = new HashSet<>(Thread.getAllStackTraces().keySet());
        started.removeAll(before);
        assertThat(started).extracting(Thread::getName).noneMatch(name -> name.startsWith("flexgen-worker-"));
    }

    @Test
    void aPoolNeedsAThread() {
        assertThatThrownBy(() -> new WorkerPool(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
