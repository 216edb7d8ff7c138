package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.plan.Schedule;
import java.util.List;
import java.util.Map;

/**
 * The devices that compute a model together: a worker for each, the residual stream's memory on those that are home to some
 * layers, and the ways between them. Owned by the engine's thread.
 */
final class DeviceGroup implements AutoCloseable {

    /** From a home of the residual stream to another device. */
    record Way(int home, int worker) {}

    private final List<Worker> workers;
    private final Map<Integer, HomeActivations> homes;
    private final Map<Way, PartialSums> ways;

    /**
     * Takes over all of them.
     *
     * @param workers one for each of the plan's devices, in their order
     */
    DeviceGroup(List<Worker> workers, Map<Integer, HomeActivations> homes, Map<Way, PartialSums> ways) {
        this.workers = List.copyOf(workers);
        this.homes = Map.copyOf(homes);
        this.ways = Map.copyOf(ways);
    }

    Worker worker(int device) {
        return workers.get(device);
    }

    HomeActivations home(int device) {
        HomeActivations home = homes.get(device);
        if (home == null) {
            throw new IllegalStateException("device " + device + " is home to no layer");
        }
        return home;
    }

    PartialSums between(int home, int worker) {
        PartialSums way = ways.get(new Way(home, worker));
        if (way == null) {
            throw new IllegalStateException("no way from device " + home + " to " + worker);
        }
        return way;
    }

    /** A step begins. */
    void begin(Schedule schedule, boolean withHead) {
        workers.forEach(worker -> worker.begin(schedule, withHead));
    }

    /** Waits for the operations of a step from which nobody reads logits. */
    void await() {
        workers.forEach(Worker::await);
    }

    /** Whether a device has the whole step computed again, after all its operations: {@link Device#mustRepeat()}. */
    boolean mustRepeat() {
        boolean some = false;
        for (Worker worker : workers) {
            some |= worker.device().mustRepeat();
        }
        return some;
    }

    /** Waits for all that a cancelled step asked for. */
    void settle() {
        workers.forEach(Worker::settle);
    }

    /** Waits for all that a step asked for before it broke off with {@code failure}. */
    @SuppressWarnings("ReferenceEquality") // an exception cannot suppress itself
    void settle(Throwable failure) {
        for (Worker worker : workers) {
            try {
                worker.settle();
            } catch (RuntimeException e) {
                if (e != failure) {
                    failure.addSuppressed(e);
                }
            }
        }
    }

    @Override
    public void close() {
        try (Resources resources = new Resources()) {
            homes.values().forEach(resources::keep);
            ways.values().forEach(resources::keep);
            workers.forEach(resources::keep);
        }
    }
}
