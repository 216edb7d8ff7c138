package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Schedule;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.weights.ModelWeights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * From the residual stream to logits: the final norm and the projection to the token table's width, at the last layer's home; then
 * the head, each shard on its device. A few rows at a time, because the vocabulary makes them large. Owned by the engine's thread.
 */
final class OutputHead implements AutoCloseable {

    /** Most rows of logits that a device computes at a time: so many that more can be cut into parts which are all compute-bound. */
    static final int ROWS = 2 * Plan.COMPUTE_BOUND_TOKENS;

    private final ModelSpec spec;
    private final int home;
    private final int maxRows;
    private final Resources resources = new Resources();
    private final @Nullable Buffer narrow;
    private final Map<Integer, Output> outputs = new HashMap<>();

    /** One device's logits, there and in host memory. */
    private record Output(Buffer onDevice, Buffer inHost, Event read) {}

    /** @param stepRows most tokens of a step */
    OutputHead(ModelSpec spec, Plan plan, List<Device> devices, int stepRows) {
        this.spec = spec;
        this.home = plan.headHome();
        this.maxRows = Math.min(ROWS, stepRows);
        try {
            this.narrow = spec.projectsEmbedding()
                    ? resources.keep(devices.get(home)
                            .allocate(
                                    "activations",
                                    4L * maxRows * spec.dimensions().embedding()))
                    : null;
            for (int i = 0; i < devices.size(); i++) {
                int width = largest(plan.head(), i);
                if (width > 0) {
                    Device device = devices.get(i);
                    long bytes = 4L * maxRows * width;
                    outputs.put(
                            i,
                            new Output(
                                    resources.keep(device.allocate("activations", bytes)),
                                    resources.keep(device.allocateHost("logits", bytes)),
                                    resources.keep(device.event())));
                }
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** Rows of the vocabulary that a device computes in some regime, all its shards together. */
    private static int largest(List<Shard> head, int device) {
        return head.stream()
                .filter(shard -> shard.device() == device || shard.prefillDevice() == device)
                .mapToInt(Shard::size)
                .sum();
    }

    /** Rows that {@link #logits} takes through the head's weights in one go. */
    int maxRows() {
        return maxRows;
    }

    /**
     * Waits for the logits of all rows of the batch that want them.
     *
     * @return // [logit rows, V]
     */
    float[] logits(DeviceGroup group, ModelWeights weights, Schedule schedule, Batch batch) {
        float[] numbers = new float[Math.multiplyExact(batch.logitRows(), spec.vocabulary())];
        HomeActivations rows = group.home(home);
        int done = 0;
        int gathered = 0;
        int row = 0;
        int part = part(batch.logitRows());
        for (Batch.Sequence sequence : batch.sequences()) {
            int end = row + sequence.tokens().length;
            for (int from = end - sequence.logitRows(); from < end; ) {
                int count = Math.min(end - from, part - gathered);
                Rows x = rows.residual(batch.rows()).slice(from, count);
                norm(group, weights, x, rows.normed(gathered + count).slice(gathered, count));
                from += count;
                gathered += count;
                if (gathered == part) {
                    project(group, weights, schedule, gathered, numbers, done);
                    done += gathered;
                    gathered = 0;
                    part = part(batch.logitRows() - done);
                }
            }
            row = end;
        }
        return numbers;
    }

    /** Rows of the next part, such that all parts of a batch are of one size: a row's bits do not depend on the part that it is in. */
    private int part(int left) {
        return left == 0 ? 0 : Math.ceilDiv(left, Math.ceilDiv(left, maxRows));
    }

    private void norm(DeviceGroup group, ModelWeights weights, Rows x, Rows h) {
        Ops ops = group.worker(home).ops();
        if (weights.finalNorm() == null) {
            ops.copy(x, h);
        } else {
            ops.norm(weights.finalNorm(), x, h);
        }
    }

    private void project(
            DeviceGroup group, ModelWeights weights, Schedule schedule, int rows, float[] target, int firstRow) {
        Rows h = group.home(home).normed(rows);
        if (narrow != null && weights.projectOut() != null) {
            Rows projected = Rows.in(narrow.segment(), rows, spec.dimensions().embedding());
            group.worker(home).ops().up(weights.projectOut(), h, projected);
            h = projected;
        }
        for (DeviceTasks tasks : schedule.head()) {
            if (tasks.device() != home) {
                group.between(home, tasks.device()).broadcast(h);
            }
        }
        for (DeviceTasks tasks : schedule.head()) {
            Rows input = tasks.device() == home
                    ? h
                    : group.between(home, tasks.device()).shared(h);
            multiply(group.worker(tasks.device()), weights, tasks, input);
        }
        for (DeviceTasks tasks : schedule.head()) {
            read(tasks, rows, target, firstRow);
        }
    }

    /** Asks for the device's shards, and for their way to host memory. */
    private void multiply(Worker worker, ModelWeights weights, DeviceTasks tasks, Rows h) {
        Output output = output(tasks.device());
        long at = 0;
        for (Entry entry : tasks.entries()) {
            long bytes = 4L * h.count() * entry.shard().size();
            MemorySegment onDevice = output.onDevice().segment().asSlice(at, bytes);
            Rows logits = new Rows(onDevice, h.count(), entry.shard().size());
            worker.ops().up(worker.take(weights.projection(entry.block()), entry.access()), h, logits);
            worker.done(entry.access());
            worker.stream(StreamRole.COMPUTE)
                    .download(onDevice, output.inHost().segment().asSlice(at, bytes));
            at += bytes;
        }
        worker.stream(StreamRole.COMPUTE).record(output.read());
    }

    private void read(DeviceTasks tasks, int rows, float[] target, int firstRow) {
        Output output = output(tasks.device());
        output.read().join();
        long at = 0;
        for (Entry entry : tasks.entries()) {
            Shard shard = entry.shard();
            for (int row = 0; row < rows; row++) {
                int to = (firstRow + row) * spec.vocabulary() + shard.from();
                MemorySegment.copy(output.inHost().segment(), ValueLayout.JAVA_FLOAT, at, target, to, shard.size());
                at += 4L * shard.size();
            }
        }
    }

    private Output output(int device) {
        Output output = outputs.get(device);
        if (output == null) {
            throw new IllegalStateException("device " + device + " has no part of the head");
        }
        return output;
    }

    @Override
    public void close() {
        resources.close();
    }
}
