package dev.flexgen.engine.transfer;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.weights.WeightBlock;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Down projections whose weights are read on demand: once the activations are known, the rows of active neurons are read from
 * where they are, laid end to end, and multiplied by the device. For a few tokens after a ReLU that is a small part of all rows.
 * The sum is that of the whole matrix, but for the order of its terms. Owned by the engine's thread, which waits for the disk.
 */
public final class ActiveRows implements AutoCloseable {

    private final Device device;
    private final boolean gpu;
    private final Activity activity;
    private final ParallelReader reader = new ParallelReader();
    private final Resources resources = new Resources();
    private final MemorySegment activations; // in host memory
    private final MemorySegment pages; // as in the file, as far as read; in host memory
    private final MemorySegment rows; // in host memory
    private final MemorySegment deviceActivations;
    private final MemorySegment deviceRows;
    private final Event computed;
    private final Event arrived;
    private final Event uploaded;
    private final Event used;

    /**
     * Takes memory for the largest block.
     *
     * @param blockBytes of the largest block
     * @param tokens most tokens of a step
     * @param neurons of the largest block
     * @param activity is told what is read
     */
    public ActiveRows(Device device, long blockBytes, int tokens, int neurons, Activity activity) {
        this.device = device;
        this.activity = activity;
        this.gpu = device.tier() == Tier.GPU;
        long activationBytes = 4L * tokens * neurons;
        try {
            this.activations = host(activationBytes);
            this.pages = host(blockBytes);
            this.rows = host(blockBytes);
            this.deviceActivations = gpu ? onDevice(activationBytes) : activations;
            this.deviceRows = gpu ? onDevice(blockBytes) : rows;
            this.computed = resources.keep(device.event());
            this.arrived = resources.keep(device.event());
            this.uploaded = resources.keep(device.event());
            this.used = resources.keep(device.event());
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private MemorySegment host(long bytes) {
        return resources.keep(device.allocateHost("rows on demand", bytes)).segment();
    }

    private MemorySegment onDevice(long bytes) {
        return resources.keep(device.allocate("rows on demand", bytes)).segment();
    }

    /**
     * {@code sum[t] += sum over active n of a[t][n] * weight[n]}.
     *
     * @param a activations on the device // [tokens, neurons]
     * @param sum on the device
     */
    public void down(WeightBlock<Linear> block, Rows a, Rows sum) {
        uploaded.join(); // the last rows have left these buffers
        Rows known = toHost(a);
        int[] active = active(known);
        activity.readNeurons(active.length, a.width());
        if (active.length == 0) {
            return;
        }
        Matrix compact = read(block, active);
        gather(known, active);
        Rows factors = Rows.in(deviceActivations, a.count(), active.length);
        if (gpu) {
            upload(factors.bytes(), compact.bytes());
        }
        device.ops().down(compact, factors, sum);
        device.stream(StreamRole.COMPUTE).record(used);
    }

    private Rows toHost(Rows a) {
        Rows host = Rows.in(activations, a.count(), a.width());
        if (gpu) {
            device.stream(StreamRole.COMPUTE).record(computed);
            Stream out = device.stream(StreamRole.ACTIVATIONS_OUT);
            out.await(computed);
            out.download(a.data(), host.data());
            out.record(arrived);
            arrived.join();
            return host;
        }
        MemorySegment.copy(a.data(), 0, host.data(), 0, a.bytes());
        return host;
    }

    private static int[] active(Rows a) {
        int[] active = new int[a.width()];
        int count = 0;
        for (int n = 0; n < a.width(); n++) {
            boolean zero = true;
            for (int t = 0; t < a.count() && zero; t++) {
                zero = value(a, t, n) == 0;
            }
            if (!zero) {
                active[count++] = n;
            }
        }
        return Arrays.copyOf(active, count);
    }

    private static float value(Rows a, int token, int neuron) {
        return a.data().getAtIndex(ValueLayout.JAVA_FLOAT, (long) token * a.width() + neuron);
    }

    /** The active rows, end to end, in the memory that the device computes on or will be sent. */
    private Matrix read(WeightBlock<Linear> block, int[] active) {
        MemorySegment source = switch (block.location()) {
            case WeightLocation.Memory memory -> memory.block();
            case WeightLocation.File file -> {
                Matrix shape = block.layout().in(pages).weight();
                reader.fetchRows(file, shape.data().address() - pages.address(), shape.rowBytes(), active, pages);
                activity.readFromDisk(active.length * shape.rowBytes());
                yield pages;
            }
        };
        Matrix all = block.layout().in(source).weight();
        long rowBytes = all.rowBytes();
        for (int i = 0; i < active.length; i++) {
            MemorySegment.copy(all.data(), active[i] * rowBytes, rows, i * rowBytes, rowBytes);
        }
        return new Matrix(
                all.encoding(), active.length, all.columns(), deviceRows.asSlice(0, active.length * rowBytes));
    }

    /** The columns of active neurons, in place of all; a row's are never behind where they go. */
    private void gather(Rows known, int[] active) {
        for (int t = 0; t < known.count(); t++) {
            for (int i = 0; i < active.length; i++) {
                activations.setAtIndex(
                        ValueLayout.JAVA_FLOAT, (long) t * active.length + i, value(known, t, active[i]));
            }
        }
    }

    private void upload(long activationBytes, long rowBytes) {
        Stream in = device.stream(StreamRole.ACTIVATIONS_IN);
        in.await(used); // the device must be done with the last rows
        in.upload(activations.asSlice(0, activationBytes), deviceActivations.asSlice(0, activationBytes));
        in.upload(rows.asSlice(0, rowBytes), deviceRows.asSlice(0, rowBytes));
        in.record(uploaded);
        device.stream(StreamRole.COMPUTE).await(uploaded);
    }

    @Override
    public void close() {
        reader.close();
        resources.close();
    }
}
