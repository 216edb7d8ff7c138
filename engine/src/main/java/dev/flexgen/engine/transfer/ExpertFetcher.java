package dev.flexgen.engine.transfer;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a device the experts that tokens have chosen, one at a time, into a few slots that take turns: the next is on its way
 * while a GPU multiplies with the last. Owned by the engine's thread, which waits for the disk.
 */
public final class ExpertFetcher implements AutoCloseable {

    /** In use, arriving, and one that need not be waited for. */
    public static final int SLOTS = 3;

    private record Slot(MemorySegment memory, Event arrived, Event used) {}

    private final Device device;
    private final WeightUploader uploader;
    private final Resources resources = new Resources();
    private final List<Slot> slots = new ArrayList<>();
    private int next;

    /**
     * Takes memory.
     *
     * @param slotBytes of the largest expert
     * @param uploader brings them; closed with this
     */
    public ExpertFetcher(Device device, long slotBytes, WeightUploader uploader) {
        this.device = device;
        this.uploader = uploader;
        try {
            Buffer ring = resources.keep(device.allocate("experts on demand", SLOTS * slotBytes));
            for (int i = 0; i < SLOTS; i++) {
                MemorySegment memory = ring.segment().asSlice(i * slotBytes, slotBytes);
                slots.add(new Slot(memory, resources.keep(device.event()), resources.keep(device.event())));
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /**
     * A part of a block, for operations asked for from now on; {@link #done} follows.
     *
     * @param from where in the block it begins
     */
    public MemorySegment take(WeightLocation block, long from, long bytes) {
        Slot slot = slots.get(next);
        device.stream(StreamRole.WEIGHTS_IN).await(slot.used());
        uploader.bring(block.slice(from, bytes), slot.memory());
        device.stream(StreamRole.WEIGHTS_IN).record(slot.arrived());
        device.stream(StreamRole.COMPUTE).await(slot.arrived());
        return slot.memory();
    }

    /** The operations that use what was taken last have been asked for. */
    public void done() {
        device.stream(StreamRole.COMPUTE).record(slots.get(next).used());
        next = (next + 1) % SLOTS;
    }

    @Override
    public void close() {
        try {
            uploader.close();
        } finally {
            resources.close();
        }
    }
}
