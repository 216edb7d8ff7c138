package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import java.util.List;

/**
 * What both sublayers have in common: normed rows go to every device that has tasks, each computes its part of the sum, and the
 * sums are added to the residual stream at home. GPUs, which come first in a schedule, are only asked; the processor, whose
 * threads wake up while that is done, computes its part meanwhile.
 */
final class Sublayers {

    /** One device's part of a sublayer. */
    @FunctionalInterface
    interface Part {
        /** Adds what the tasks give for {@code h} to {@code sum}, both on the worker's device. */
        void compute(Worker worker, DeviceTasks tasks, Rows h, Rows sum);
    }

    private final DeviceGroup group;

    Sublayers(DeviceGroup group) {
        this.group = group;
    }

    /** Sends {@code h}, which is at home, to the others that may have tasks, and wakes them up. */
    void send(int home, List<DeviceTasks> sublayer, Rows h) {
        for (DeviceTasks tasks : sublayer) {
            if (tasks.device() != home) {
                group.worker(tasks.device()).device().rouse();
                group.between(home, tasks.device()).broadcast(h);
            }
        }
    }

    /**
     * Adds the sublayer's result for {@code h}, which was {@link #send sent}, to {@code x}, both at home.
     *
     * @param waited whether the engine's thread has waited for something that was computed behind {@code h}: the processor, which has
     *     {@code h} soon then, begins before others are asked
     */
    void run(int home, List<DeviceTasks> sublayer, Rows h, Rows x, Part part, boolean waited) {
        int others = sublayer.size() - 1;
        if (waited && others > 0 && readsNothing(sublayer.getLast())) {
            group.worker(sublayer.getLast().device())
                    .device()
                    .during(
                            () -> compute(home, sublayer.subList(others, others + 1), h, x, part),
                            () -> compute(home, sublayer.subList(0, others), h, x, part));
        } else {
            compute(home, sublayer, h, x, part);
        }
        for (DeviceTasks tasks : sublayer) {
            if (tasks.device() != home) {
                group.between(home, tasks.device()).reduce(x);
            }
        }
    }

    /** Who waits for a disk first asks the others, who need not. */
    private static boolean readsNothing(DeviceTasks tasks) {
        return tasks.entries().stream().noneMatch(entry -> entry.access() == Access.ON_DEMAND);
    }

    private void compute(int home, List<DeviceTasks> some, Rows h, Rows x, Part part) {
        for (DeviceTasks tasks : some) {
            Worker worker = group.worker(tasks.device());
            if (tasks.device() == home) {
                part.compute(worker, tasks, h, x);
            } else {
                PartialSums way = group.between(home, tasks.device());
                Rows input = way.shared(h); // before the sum: it waits until the last one is no longer needed
                Rows sum = way.partial(x);
                part.compute(worker, tasks, input, sum);
                way.send(sum);
            }
        }
    }
}
