package dev.flexgen.engine.transfer;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes blocks of weights from where they lie to a device, on its stream {@link StreamRole#WEIGHTS_IN}. A GPU copies page-locked
 * memory by itself; everything else goes through a few page-locked buffers first, one of which is filled while others are
 * copied. The processor needs no such detour. One thread at a time uses it: the prefetching thread, or the engine's where there is
 * none.
 */
public final class WeightUploader implements AutoCloseable {

    /** One being filled, one being copied, one to spare. */
    private static final int BUFFERS = 3;

    /** A page-locked buffer, and when the copy from it is over. */
    private record Staging(Buffer buffer, Event copied) {}

    private final Device device;
    private final ParallelReader fetcher = new ParallelReader();
    private final Resources resources = new Resources();
    private final List<Staging> stagings = new ArrayList<>();
    private final Activity activity;
    private int nextStaging;

    /**
     * Allocates what it will need.
     *
     * @param largest bytes of the largest block that is neither in page-locked memory nor on the device, or 0
     * @param activity counts the bytes that are moved
     */
    public WeightUploader(Device device, long largest, Activity activity) {
        this.activity = activity;
        this.device = device;
        if (device.tier() == Tier.HOST || largest == 0) {
            return;
        }
        try {
            for (int i = 0; i < BUFFERS; i++) {
                Buffer buffer = resources.keep(device.allocateHost("page-locked buffers", largest));
                stagings.add(new Staging(buffer, resources.keep(device.event())));
            }
        } catch (Throwable e) {
            fetcher.close();
            resources.close();
            throw e;
        }
    }

    /** Whether {@link #bring} has to wait for a disk or for host memory, and not only to ask the device. */
    boolean waits() {
        return device.tier() == Tier.HOST || !stagings.isEmpty();
    }

    /** Asks for the copy of {@code source} to {@code slot}; waits for a disk, but not for the device. */
    public void bring(WeightLocation source, MemorySegment slot) {
        Stream stream = device.stream(StreamRole.WEIGHTS_IN);
        if (device.tier() == Tier.HOST) {
            count(source, fetcher.fetch(source, slot));
        } else if (source instanceof WeightLocation.Memory memory && memory.pageLocked()) {
            stream.upload(memory.block(), slot.asSlice(0, memory.block().byteSize()));
            count(source, memory.block().byteSize());
        } else {
            Staging staging = stagings.get(nextStaging);
            nextStaging = (nextStaging + 1) % stagings.size();
            staging.copied().join();
            long bytes = fetcher.fetch(source, staging.buffer().segment());
            stream.upload(staging.buffer().segment().asSlice(0, bytes), slot.asSlice(0, bytes));
            stream.record(staging.copied());
            count(source, bytes);
        }
    }

    private void count(WeightLocation source, long bytes) {
        if (source instanceof WeightLocation.File) {
            activity.readFromDisk(bytes);
        }
        if (device.tier() == Tier.GPU) {
            activity.sentToGpu(bytes);
        }
    }

    @Override
    public void close() {
        fetcher.close();
        try {
            device.stream(StreamRole.WEIGHTS_IN).join();
        } catch (EngineException e) {
            // A device that has failed copies no more, and whoever waited for it was told.
        }
        resources.close();
    }
}
